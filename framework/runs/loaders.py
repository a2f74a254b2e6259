"""Loaders whose place goes into checkpoints: whatever Lightning takes as training data.

A loader with `state_dict` and `load_state_dict` of its own keeps its place itself. Any other
is repeated: its iterator is made anew from the random generators as they were when the pass
over the data began, and is moved over what has been seen. What a loader draws comes from
streams of its own, as if it were another process, so that nothing the training draws in
between has to be repeated. Worker processes send their generators along with each batch.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from lightning.fabric.utilities.data import sized_len
from lightning.pytorch.utilities.combined_loader import _SUPPORTED_MODES, CombinedLoader
from torch.utils.data import DataLoader, Dataset, IterableDataset, Sampler, get_worker_info
from torch.utils.data._utils.pin_memory import pin_memory

State = dict[str, Any]


def random_states() -> State:
    """The global generators of Python, NumPy and torch (on the CPU)."""
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(),  # noqa: NPY002  (plugins may use it)
        "torch": torch.get_rng_state(),
    }


def set_random_states(state: State) -> None:
    """Put them back."""
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])  # noqa: NPY002
    torch.set_rng_state(state["torch"])


class Stream:
    """Global generators of its own: `with stream:` what is drawn comes from there.

    Args:
        seed: of all three.
    """

    def __init__(self, seed: Sequence[int]) -> None:
        python, numpy, torches = (int(word) for word in np.random.SeedSequence(seed).generate_state(3))
        self.state: State = {
            "python": random.Random(python).getstate(),
            "numpy": np.random.RandomState(numpy).get_state(),
            "torch": torch.Generator().manual_seed(torches).get_state(),
        }
        self._outside: State = {}

    def __enter__(self) -> None:
        self._outside = random_states()
        set_random_states(self.state)

    def __exit__(self, *_: object) -> None:
        self.state = random_states()
        set_random_states(self._outside)


def own_generators(*roots: object) -> list[Any]:
    """The random generators that loaders, samplers and datasets hold as attributes."""
    found: list[Any] = []
    seen: set[int] = set()

    def look(value: object, depth: int) -> None:
        if id(value) in seen or depth > 5:
            return
        seen.add(id(value))
        if isinstance(value, (torch.Generator, np.random.Generator, np.random.RandomState, random.Random)):
            found.append(value)
        elif isinstance(value, (list, tuple)) and len(value) <= 100:
            for item in value:
                look(item, depth + 1)
        elif isinstance(value, (DataLoader, Dataset, Sampler)) or (
            hasattr(value, "__dict__") and depth <= 2 and not isinstance(value, (type, torch.nn.Module))
        ):
            for name, item in vars(value).items():
                if name != "_iterator":
                    look(item, depth + 1)

    for root in roots:
        look(root, 0)
    return found


def states_of(generators: Iterable[Any]) -> list[Any]:
    """The state of each."""
    return [
        one.get_state() if isinstance(one, (torch.Generator, np.random.RandomState))
        else one.getstate() if isinstance(one, random.Random)
        else one.bit_generator.state
        for one in generators
    ]  # fmt: skip


def set_states_of(generators: Iterable[Any], states: Iterable[Any]) -> None:
    """Put each back."""
    for one, state in zip(generators, states, strict=False):
        if isinstance(one, (torch.Generator, np.random.RandomState)):
            one.set_state(state)
        elif isinstance(one, random.Random):
            one.setstate(state)
        else:
            one.bit_generator.state = state


def is_stateful(loader: object) -> bool:
    """Whether it keeps its place itself, by Lightning's protocol."""
    return callable(getattr(loader, "state_dict", None)) and callable(
        getattr(loader, "load_state_dict", None)
    )


def why_inexact(loader: object) -> str:
    """What may keep a resumed training from seeing the same data, or "" if nothing does."""
    name = type(loader).__name__
    if is_stateful(loader):
        return ""
    if not isinstance(loader, DataLoader):
        if hasattr(loader, "__getitem__"):
            return ""
        return f"{name} has no state_dict and load_state_dict"
    if loader.num_workers and not getattr(loader, "in_order", True):
        return f"{name} takes batches from its workers out of order"
    parts: list[object] = [loader.sampler, loader.batch_sampler]
    if isinstance(loader.dataset, IterableDataset):
        parts = [loader.dataset]
    for part in parts:
        known = type(part).__module__.partition(".")[0] in ("torch", "lightning", "datasets", "NoneType")
        if part is not None and not known and not hasattr(part, "set_epoch"):
            return f"the {type(part).__name__} of its {name} has no place that a checkpoint could keep"
    return ""


@dataclass
class _Sent:
    """A worker's batch, and the worker's generators after it."""

    batch: Any
    worker: int
    state: tuple[State, list[Any]]

    def pin_memory(self, device: Any = None) -> _Sent:
        pinned = pin_memory(self.batch, device)  # type: ignore[no-untyped-call]
        return _Sent(pinned, self.worker, self.state)


class _Collate:
    """A loader's `collate_fn` that sends the worker's generators along."""

    def __init__(self, collate: Callable[[Any], Any]) -> None:
        self.collate = collate
        self.generators: list[Any] | None = None

    def __call__(self, samples: Any) -> _Sent:
        info = get_worker_info()
        assert info is not None
        if self.generators is None:
            self.generators = own_generators(info.dataset)
        batch = self.collate(samples)
        return _Sent(batch, info.id, (random_states(), states_of(self.generators)))


class _Begin:
    """A loader's `worker_init_fn` that puts the worker's generators where they were."""

    def __init__(
        self, begin: Callable[[int], None] | None, states: dict[int, tuple[State, list[Any]]]
    ) -> None:
        self.begin = begin
        self.states = states

    def __call__(self, worker: int) -> None:
        if self.begin is not None:
            self.begin(worker)
        if worker in self.states:
            randoms, own = self.states[worker]
            set_random_states(randoms)
            info = get_worker_info()
            set_states_of(own_generators(info.dataset if info is not None else None), own)


class _Later:
    """A sampler that begins `skip` batches later."""

    def __init__(self, sampler: Any, skip: int) -> None:
        self.sampler = sampler
        self.skip = skip

    def __len__(self) -> int:
        return len(self.sampler)

    def __iter__(self) -> Iterator[Any]:
        self.iterator = _Skipping(iter(self.sampler), self.skip)
        return self.iterator


class _Skipping:
    """Skips at the first item asked for, when a sampler makes its order, or when told."""

    def __init__(self, iterator: Iterator[Any], skip: int) -> None:
        self.iterator = iterator
        self.skip = skip

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        self.go()
        return next(self.iterator)

    def go(self) -> None:
        while self.skip:
            self.skip -= 1
            next(self.iterator, None)


class Tracked:
    """One loader, and where in its data it is.

    Args:
        loader: any iterable.
        stream: what it draws comes from there.
    """

    def __init__(self, loader: Any, stream: Stream) -> None:
        self.loader = loader
        self.stream = stream
        self.stateful = is_stateful(loader)
        self.workers = int(loader.num_workers) if isinstance(loader, DataLoader) else 0
        self._persistent = bool(self.workers and loader.persistent_workers)
        self.streamed = not isinstance(loader, DataLoader) or isinstance(loader.dataset, IterableDataset)
        # The dataset's are not torchdata's business, nor are those of other loaders ours.
        torchs = isinstance(loader, DataLoader)
        roots = () if self.stateful and not torchs else (loader.dataset if self.stateful else loader,)
        self.generators = own_generators(*roots)
        self.fetched = 0
        self.saved: State | None = None  # where the next pass goes on
        self._sent: dict[int, Any] = {}  # worker -> its generators after the last batch that came
        self._round: dict[int, Any] = {}  # the same when all workers had sent equally many

    def __len__(self) -> int:
        length = sized_len(self.loader)
        if length is None:
            raise TypeError
        return length

    def state(self) -> State:
        """Where it is."""
        # Streams are gone over from their beginning; samplers from the last complete round.
        workers = self._sent if self.stateful else self._begin["workers"] if self.streamed else self._round
        return {
            "fetched": self.fetched,
            "begin": self._begin,
            "stream": self.stream.state,
            "generators": states_of(self.generators),
            "workers": workers,
            "loader": self.loader.state_dict() if self.stateful else None,
        }

    def __iter__(self) -> Tracked:
        saved, self.saved = self.saved, None
        if saved is None:
            reused = self._persistent and self.loader._iterator is not None
            self._start(0, self._sent if reused else {}, reused)
            return self
        if self.stateful:
            self.loader.load_state_dict(saved["loader"])
        self.stream.state = saved["begin"]["stream"]
        set_states_of(self.generators, saved["begin"]["generators"])
        ended, reused = saved["ended"], saved["begin"]["reused"]
        make = self.stateful or not ended
        self._start(0 if ended else saved["fetched"], saved["workers"], reused, make)
        self.stream.state = saved["stream"]
        set_states_of(self.generators, saved["generators"])
        if ended:
            self._start(0, saved["last"] if self._persistent else {}, self._persistent)
        return self

    def _start(self, skip: int, workers: dict[int, Any], reused: bool, make: bool = True) -> None:
        """Make an iterator that begins after `skip` batches."""
        self._begin = {
            "stream": self.stream.state,
            "generators": states_of(self.generators),
            "workers": dict(workers) if self.streamed else {},
            "reused": reused,
        }
        if not make:
            return
        self._sent, self._round = dict(workers), dict(workers)
        self.fetched = 0
        # Batches of a round that is not complete are made again, by the workers that made them.
        again = 0 if self.stateful else skip if self.streamed else skip % max(1, self.workers)
        with self.stream:
            jump = 0 if self.stateful or self.streamed else skip - again
            self._iterator = self._iterate(jump, workers, reused)
        self.fetched = skip - again
        for _ in range(again):
            next(self)
        self.fetched = skip

    def _iterate(self, skip: int, workers: dict[int, Any], reused: bool) -> Iterator[Any]:
        loader = self.loader
        if not isinstance(loader, DataLoader):
            return iter(loader)
        patches: dict[str, Any] = {}
        if self.workers:
            patches["collate_fn"] = _Collate(loader.collate_fn)
            patches["worker_init_fn"] = _Begin(loader.worker_init_fn, workers)
        if reused:  # workers that persist have their seed, and none is drawn for them
            patches["generator"] = torch.Generator()
        if skip:
            which = "sampler" if loader.batch_sampler is None else "batch_sampler"
            patches[which] = later = _Later(getattr(loader, which), skip)
        with _patched(loader, patches):
            iterator = iter(loader)
        if skip:
            later.iterator.go()
            later.skip = 0  # workers that persist begin their next pass by it
        return iterator

    def __next__(self) -> Any:
        if self.stateful and not isinstance(self.loader, DataLoader):
            batch = next(self._iterator)
        else:
            with self.stream:
                batch = next(self._iterator)
        self.fetched += 1
        if isinstance(batch, _Sent):
            self._sent[batch.worker] = batch.state
            batch = batch.batch
        if self.workers and self.fetched % self.workers == 0:
            self._round = dict(self._sent)
        return batch


@contextmanager
def _patched(loader: Any, attributes: State) -> Iterator[None]:
    # DataLoader forbids to set some of these once it is made, and reads them in `iter` alone.
    before = {name: vars(loader)[name] for name in attributes}
    vars(loader).update(attributes)
    try:
        yield
    finally:
        vars(loader).update(before)


class ResumableLoader(CombinedLoader):
    """Training data as Lightning iterates over it, whose place can be saved and loaded.

    Args:
        loaders: as `train_dataloader` returns them.
        boundary: called before the batch of the next step is fetched.
        streams: one for each loader, made here if there are none yet.
    """

    def __init__(self, loaders: Any, boundary: Callable[[], None], streams: list[Stream]) -> None:
        if isinstance(loaders, CombinedLoader):
            super().__init__(loaders.iterables, loaders._mode)
        else:
            super().__init__(loaders, "max_size_cycle")  # as Lightning does
        self.boundary = boundary
        self.streams = streams
        self.saved: State | None = None
        self.fetched = 0
        self._tracked: list[Tracked] = []
        self._ahead: deque[Any] = deque(maxlen=2)  # the last batches fetched
        self._waiting: deque[Any] = deque()  # batches fetched before the checkpoint and not trained on

    def __iter__(self) -> ResumableLoader:
        if not self._tracked:
            self.streams += [
                Stream([torch.initial_seed(), index])
                for index in range(len(self.streams), len(self.flattened))
            ]
            self._tracked = [Tracked(*each) for each in zip(self.flattened, self.streams, strict=True)]
        saved, self.saved = self.saved, None
        for tracked, state in zip(self._tracked, saved["loaders"] if saved else (), strict=False):
            tracked.saved = state
        iterator = _SUPPORTED_MODES[self._mode]["iterator"](list(self._tracked), self._limits)
        self._iterator = iter(iterator)
        self.fetched = 0
        self._ahead.clear()
        self._unsized = sized_len(self) is None
        if saved and not saved["ended"]:
            self.fetched = saved["fetched"]
            vars(iterator).update(saved["iterator"])
            self._waiting.extend(saved["waiting"])
        # Of data without a length Lightning fetches the first batch right away, to know the last one.
        self._begins = self._unsized and not self._waiting
        return self

    def __next__(self) -> Any:
        if self._waiting:
            out = self._waiting.popleft()
        else:
            if not self._begins:
                self.boundary()
            self._begins = False
            out = super().__next__()
            self.fetched += 1
        if self._unsized:
            self._ahead.append(out)
        return out

    def place(self, trained: int, ended: bool) -> State:
        """Where in the data the training is.

        Args:
            trained: batches of this pass that have been trained on.
            ended: whether the epoch is over.
        """
        count = self.fetched - trained if self._unsized and not ended else 0
        return {
            "fetched": self.fetched,
            "ended": ended,
            "waiting": list(self._ahead)[len(self._ahead) - count :],
            "iterator": {
                name: value for name, value in vars(self._iterator).items() if name in ("_idx", "_consumed")
            },
            "loaders": [
                {**tracked.state(), "ended": ended, "last": dict(tracked._sent)} for tracked in self._tracked
            ],
        }

    # Lightning's own way of saving comes a batch too late.
    def _state_dicts(self) -> list[State]:
        return []
