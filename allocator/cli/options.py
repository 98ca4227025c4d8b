"""How every command speaks and leaves: options they share, results on stdout, talk on stderr, exit codes."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from allocator.cli.help_language import spoken
from allocator.domain.errors import AllocatorError, InputError, OutputError, RegisterError, UsageError
from allocator.language.message import LANGUAGES, Language, Message, said
from allocator.language.texts import Texts
from allocator.system.interrupts import INTERRUPTED
from allocator.system.memory import is_out_of_memory


class Code(IntEnum):
    """Exit codes; ``docs`` and outside users rely on them."""

    DONE = 0
    CRASH = 1
    USAGE = 2
    INPUT = 3
    VIOLATION = 4
    LIMIT = 5
    BREACH = 6
    REGISTER = 7
    INTERRUPTED = INTERRUPTED


def _language(value: str | None) -> str | None:
    if value is not None and value not in LANGUAGES:
        raise typer.BadParameter(Message("error.not-zh-nor-en", given=value).said(spoken()))
    return value


ScenarioFile = Annotated[
    Path, typer.Argument(metavar="SCENARIO", help="Scenario file (TOML). 情景文件（TOML）。", show_default=False)
]
Lang = Annotated[
    str | None,
    typer.Option(
        "--lang",
        callback=_language,
        metavar="zh|en",
        envvar="ALLOCATOR_LANG",
        help="Language of all that people read; else that of your system. 输出所用的语言；不写则与系统相同。",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout. 以 JSON 输出结果。")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result only. 只输出结果。")]
Seed = Annotated[
    str | None,
    typer.Option("--seed", help="Published seed that breaks ties. 并列时决定先后的公开种子。", show_default=False),
]
NoProgress = Annotated[bool, typer.Option("--no-progress", help="Show no progress. 不显示进度。")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the full trace of a failure. 出错时显示详细信息。")]
Force = Annotated[bool, typer.Option("--force", help="Replace an older result folder. 覆盖旧的结果目录。")]
ForceFile = Annotated[bool, typer.Option("--force", help="Replace an older file. 覆盖已有文件。")]
ForceFiles = Annotated[bool, typer.Option("--force", help="Replace older files. 覆盖已有文件。")]


@dataclass(frozen=True)
class Voice:
    """How this command speaks: language, JSON or text, and how much."""

    lang: Language
    json: bool
    quiet: bool
    debug: bool
    no_progress: bool = False

    @property
    def is_silent(self) -> bool:
        """Whether nothing shows how far the work is."""
        return self.quiet or self.no_progress

    @property
    def texts(self) -> Texts:
        """The catalogue in this language."""
        return Texts(self.lang)

    def lines(self, parts: Iterable[object]) -> str:
        """Texts and messages below each other."""
        return "\n".join(said(part, self.lang) for part in parts)

    def say(self, text: object) -> None:
        """A line of talk on stderr, unless quiet; a message in the language of the command, as everywhere here."""
        if not self.quiet:
            self.complain(text)

    def complain(self, text: object) -> None:
        """A refusal or failure on stderr, quiet or not."""
        typer.echo(said(text, self.lang), err=True)

    def result(self, text: object, record: Mapping[str, Any]) -> None:
        """The result on stdout, as text or as JSON with the exit code, 0 unless the record has another; colours on a terminal only."""
        if self.json:
            shown = plain({"exit_code": Code.DONE, **record}, self.lang)
            typer.echo(json.dumps(shown, ensure_ascii=False, indent=2, allow_nan=False))
            return
        from rich.console import Console

        from allocator.language.text_table import highlighted

        Console(highlight=False, soft_wrap=True).print(highlighted(said(text, self.lang).rstrip("\n")))


@contextmanager
def faults_explained(voice: Voice) -> Iterator[None]:
    """Turn whatever goes wrong into a message and an exit code; a user's mistake never shows a trace."""
    try:
        yield
    except InputError as error:
        refuse_input(voice, error)
    except (OutputError, UsageError) as error:
        refuse(voice, Code.USAGE, Message("talk.refused", reason=error))
    except RegisterError as error:
        refuse(voice, Code.REGISTER, Message("talk.refused", reason=error))
    except AllocatorError as error:
        refuse(voice, Code.INPUT, Message("talk.refused", reason=error))
    except KeyboardInterrupt:
        refuse(voice, Code.INTERRUPTED, Message("talk.interrupted"))
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except Exception as error:
        if voice.debug:
            traceback.print_exc()
        if is_out_of_memory(error):
            error.__traceback__ = None  # It holds all that the work held.
            refuse(voice, Code.USAGE, Message("talk.no-memory"))
        refuse(voice, Code.CRASH, Message("talk.crash", fault=_place_of(error)))


def _place_of(error: Exception) -> str:
    """Sort and place of a fault: its own words may hold a name or another cell of the user's files, so only ``--debug`` shows them."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "allocator" in Path(frame.filename).parts] or list(frames)
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"
    return f"{type(error).__name__} ({place})"


def refuse(voice: Voice, code: Code, text: object, **record: Any) -> NoReturn:
    """Say why nothing was done and leave with the code."""
    if voice.json:
        voice.result("", {"exit_code": code, "message": said(text, voice.lang), **record})
    voice.complain(text)
    raise typer.Exit(code)


def refuse_input(voice: Voice, error: InputError) -> NoReturn:
    """List every mistake of the input and leave."""
    from allocator.cli.progress import defect_lines

    lines: list[object] = [Message("talk.defects", count=len(error.defects))]
    for defect in error.defects:
        lines += defect_lines(defect, voice.texts)
    refuse(voice, Code.INPUT, voice.lines(lines), defects=[defect.as_record() for defect in error.defects])


def plain(value: Any, lang: Language = "en") -> Any:
    """A value as JSON knows it; what is not a number becomes null, exact shares and messages become text."""
    import numpy as np
    import pandas as pd

    match value:
        case Mapping():
            return {str(key): plain(one, lang) for key, one in value.items()}
        case Message():
            return value.said(lang)
        case pd.DataFrame():
            return [plain(row, lang) for row in value.to_dict("records")]
        case pd.Timestamp() | date():
            return None if value is pd.NaT else value.isoformat()[:10]
        case Fraction() | Path():
            return str(value)
        case np.generic():
            return plain(value.item())
        case float():
            return value if np.isfinite(value) else None
        case IntEnum():
            return int(value)
        case list() | tuple() | set() | frozenset():
            return [plain(one, lang) for one in value]
        case _:
            return None if value is pd.NA or value is pd.NaT else value
