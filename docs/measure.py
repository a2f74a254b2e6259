"""Run what tables in docs/results are made of, and write them.

    nox -s results                  # all that is missing, first things first, and then the tables
    nox -s results -- her_reach     # of this table alone
    nox -s results -- --list        # what is done, and what is missing
    nox -s results -- --write       # the tables alone, from the runs that are there

docs/results/measured.yaml says which, in order of priority. A row is a sweep over seeds, kept in results/ as
`framework sweep` keeps any: what was stopped goes on, and what is finished is run again only if its recipe
has changed since. A table is written once all its runs are there; until then its page stays as it is.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path

import click
from omegaconf import MISSING, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from framework.errors import UserError
from framework.interruption import Interrupted
from framework.runs import children
from framework.sweep.driver import find_sweep, sweep
from framework.sweep.executors.local import LocalProcesses
from framework.sweep.plan import Plan

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "results"
WORK = ROOT / "results"


@dataclass
class Column:
    """A column of a table.

    Attributes:
        title: its heading.
        metric: in full, as `framework compare` has it, `{part}` being the row's; "" for what rows give
            themselves, under `beside`.
        format: of numbers, as Python has it.
    """

    title: str = MISSING
    metric: str = ""
    format: str = ".3g"


@dataclass
class Row:
    """A row of a table: one recipe, over its seeds.

    Attributes:
        title: the first cell.
        recipe: its name.
        seeds: two or more.
        settings: overrides, `key=value`.
        part: what metrics name by `{part}`, such as one of the recipe's stages.
        beside: title of a column -> what others report there.
    """

    title: str = MISSING
    recipe: str = MISSING
    seeds: list[int] = MISSING
    settings: list[str] = field(default_factory=list)
    part: str = ""
    beside: dict[str, str] = field(default_factory=dict)

    @property
    def arguments(self) -> list[str]:
        """Of `framework sweep`, behind the recipe."""
        return [*self.settings, f"seed={','.join(map(str, self.seeds))}"]

    @property
    def sweep(self) -> str:
        """The name of its sweep: another one if the recipe is another."""
        return Plan.make(Path(self.recipe), self.arguments).name

    @property
    def done(self) -> int:
        """How many of its runs are finished."""
        try:
            return sum(run.done for run in children(find_sweep(self.sweep)))
        except UserError:  # not begun
            return 0

    @property
    def complete(self) -> bool:
        return self.done == len(self.seeds)


@dataclass
class Table:
    """A table of a page, between `<!-- results: NAME -->` and `<!-- end -->`.

    Attributes:
        name: in the markers, and on the command line.
        page: in docs/results.
        first: heading of the first column.
    """

    name: str = MISSING
    page: str = MISSING
    first: str = "recipe"
    columns: list[Column] = MISSING
    rows: list[Row] = MISSING

    @property
    def complete(self) -> bool:
        return all(row.complete for row in self.rows)

    def to_markdown(self) -> str:
        """The table as its runs have it, all of which are there."""
        heads = [self.first, "seeds", *(column.title for column in self.columns)]
        lines = [heads, ["---"] * len(heads), *map(self._cells, self.rows)]
        return (
            "\n".join(f"| {' | '.join(line)} |" for line in lines)
            + "\n\nInterquartile means over seeds (of fewer than four: means), in brackets their 95%\n"
            + f"bootstrap intervals; made by `nox -s results -- {self.name}`.\n"
        )

    def _cells(self, row: Row) -> list[str]:
        from framework.compare import compare

        metrics = [column.metric.format(part=row.part) for column in self.columns]
        scores = {score.metric: score for score in compare([row.sweep], [*filter(None, metrics)]).scores}
        cells = [row.title, ", ".join(map(str, row.seeds))]
        for column, metric in zip(self.columns, metrics, strict=True):
            if not metric:
                cells.append(row.beside.get(column.title, ""))
                continue
            if metric not in scores:
                raise UserError(f"table {self.name}: {metric!r} is none of {', '.join(scores)}")
            score, form = scores[metric], column.format
            low, high = score.interval or (score.mean, score.mean)
            cells.append(f"{score.mean:{form}} [{low:{form}}, {high:{form}}]")
        return cells


@dataclass
class Measured:
    """All of measured.yaml."""

    tables: list[Table] = MISSING


def read(path: Path) -> list[Table]:
    """The tables, in order of priority.

    Raises:
        UserError: the file is not what it should be, or a row has too few seeds for an interval.
    """
    try:
        whole = OmegaConf.merge(OmegaConf.structured(Measured), OmegaConf.load(path))
        tables: list[Table] = OmegaConf.to_object(whole).tables  # type: ignore[union-attr]
    except OmegaConfBaseException as error:
        raise UserError(f"{path}: {error}") from None
    for table in tables:
        for row in table.rows:
            if len(set(row.seeds)) < 2:
                raise UserError(f"{path}: {table.name}, {row.title}: an interval needs two seeds or more")
    return tables


def between(name: str) -> re.Pattern[str]:
    """What stands between the markers of a table, and these."""
    return re.compile(rf"(<!-- results: {re.escape(name)} -->\n)(.*?)(<!-- end -->\n)", re.DOTALL)


def write(table: Table, pages: Path) -> None:
    """Put a table into its page.

    Raises:
        UserError: the page has no place for it, or several.
    """
    page, marked = pages / table.page, between(table.name)
    text = page.read_text(encoding="utf-8")
    if len(marked.findall(text)) != 1:
        raise UserError(f"{page}: needs '<!-- results: {table.name} -->' and '<!-- end -->', once")
    made = table.to_markdown()
    page.write_text(marked.sub(lambda found: f"{found[1]}{made}{found[3]}", text), encoding="utf-8")


def run(row: Row, jobs: int) -> bool:
    """Run what is missing of a row, or go on with it; whether all is there then.

    Raises:
        UserError: the recipe cannot be run.
        Interrupted: Ctrl-C or SIGTERM; what ran has written its checkpoint.
    """
    click.echo(shlex.join(["framework", "sweep", row.recipe, *row.arguments]))
    return sweep(row.recipe, row.arguments, executor=LocalProcesses(jobs), say=click.echo).finished


def standing(tables: list[Table]) -> str:
    """What is done, and what is missing, a row each."""
    from framework.report import Table as Text

    rows = {
        (table.name, shlex.join([row.recipe, *row.arguments])): f"{row.done} of {len(row.seeds)}"
        for table in tables
        for row in table.rows  # several may be of the same runs
    }
    return Text(["table", "runs", "finished"], [[*key, done] for key, done in rows.items()]).to_text()


@click.command
@click.argument("names", nargs=-1)
@click.option("--list", "only_list", is_flag=True, help="Say what is done and what is missing.")
@click.option("--write", "only_write", is_flag=True, help="Run nothing.")
@click.option("--jobs", default=1, type=click.IntRange(1), show_default=True, help="Runs at the same time.")
@click.option("--pages", default=PAGES, type=click.Path(path_type=Path), hidden=True)
@click.option("--work", default=WORK, type=click.Path(path_type=Path), hidden=True)
def main(
    names: tuple[str, ...], only_list: bool, only_write: bool, jobs: int, pages: Path, work: Path
) -> None:
    """Run what the tables NAMES of docs/results need, by default all of them, and write them."""
    tables = read(pages / "measured.yaml")
    known = [table.name for table in tables]
    if unknown := [name for name in names if name not in known]:
        raise UserError(f"no table {', '.join(unknown)}; there are: {', '.join(known)}")
    chosen = [table for table in tables if table.name in (names or known)]
    work.mkdir(exist_ok=True)
    failed = False
    with contextlib.chdir(work):
        if only_list:
            click.echo(standing(chosen))
            return
        for table in chosen:
            if not only_write:
                # Not `all`, which would stop at the first that fails.
                failed |= not min([row.complete or run(row, jobs) for row in table.rows])
            if table.complete:
                write(table, pages)
            click.echo(f"{table.name}: {'written' if table.complete else 'not all runs are there'}")
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
    except Interrupted as signal:
        click.echo(f"stopped by {signal}; the same command goes on", err=True)
        sys.exit(signal.exit_code)
