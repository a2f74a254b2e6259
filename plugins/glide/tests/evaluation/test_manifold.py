from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from framework_glide.evaluation import manifold
from framework_glide.evaluation.manifold import Manifold, precision_recall


def _share_within(points: np.ndarray, reference: np.ndarray, k: int) -> float:
    radii = NearestNeighbors(n_neighbors=k + 1).fit(reference).kneighbors(reference)[0][:, -1]
    inside = 0
    for point in points:
        inside += any(
            np.linalg.norm(point - centre) <= radius for centre, radius in zip(reference, radii, strict=True)
        )
    return inside / len(points)


@pytest.mark.parametrize("k", [1, 3])
def test_agrees_with_brute_force(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifold, "CHUNK", 16)
    draws = np.random.default_rng(0)
    fake, real = draws.normal(size=(70, 4)) * 1.3 + 0.5, draws.normal(size=(90, 4))

    found = precision_recall(fake, real, k)

    assert found.precision == pytest.approx(_share_within(fake, real, k))
    assert found.recall == pytest.approx(_share_within(real, fake, k))
    assert 0 < found.precision < 1 and 0 < found.recall < 1


def test_the_nearest_feature_is_that_of_brute_force() -> None:
    draws = np.random.default_rng(0)
    points, real = draws.normal(size=(30, 4)), draws.normal(size=(90, 4))
    expected = NearestNeighbors(n_neighbors=1).fit(real).kneighbors(points)[0][:, 0]
    np.testing.assert_allclose(Manifold(real).nearest(points), -expected)


def test_precision_falls_with_outliers_and_recall_with_lost_modes() -> None:
    draws = np.random.default_rng(0)
    modes = np.array([[0.0, 0.0], [100.0, 0.0]])
    real = np.concatenate([draws.normal(size=(200, 2)) + mode for mode in modes])
    one_mode = draws.normal(size=(400, 2))
    with_junk = np.concatenate([real[::2], draws.normal(size=(200, 2)) + np.array([0, 1000])])

    assert precision_recall(one_mode, real).precision > 0.9
    assert precision_recall(one_mode, real).recall < 0.55
    assert precision_recall(with_junk, real).precision < 0.55
    assert precision_recall(with_junk, real).recall > 0.9


def test_points_of_the_set_are_within_even_where_many_are_equal() -> None:
    features = np.repeat(np.random.default_rng(0).normal(size=(5, 30)) * 1e3, 8, axis=0)

    assert Manifold(features).contains(features).all()


def test_realism_falls_with_the_distance_and_is_one_at_the_edge() -> None:
    line = np.arange(50.0)[:, None]  # every inner sphere has radius 2 for k = 3
    realism = Manifold(line, k=3).realism([[25.5], [50.0], [53.0], [1000.0]])

    assert realism[1] == pytest.approx(1.0)
    assert realism[0] == pytest.approx(4.0)
    assert (np.diff(realism) < 0).all()


def test_spheres_around_outliers_make_nothing_real() -> None:
    line = np.concatenate([np.arange(50.0), [1e6]])[:, None]

    assert Manifold(line).contains([[9e5]]).all()
    assert Manifold(line).realism([[9e5]])[0] < 1e-3


def test_needs_more_features_than_neighbours() -> None:
    with pytest.raises(ValueError, match="more than 3"):
        Manifold(np.zeros((3, 2)))
