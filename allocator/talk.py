"""What the command line says about its own work, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from allocator.reports.texts import Language

TALK: Mapping[str, tuple[str, str]] = {  # code -> Chinese, English
    "defects": ("输入有 {count} 处错误，未写任何文件：", "The input has {count} mistake(s); nothing was written:"),
    "refused": ("未执行：{reason}", "Not done: {reason}"),
    "hint": ("建议", "hint"),
    "incumbent": ("现值", "incumbent"),
    "bound": ("界", "bound"),
    "gap": ("差距", "gap"),
    "phase-read": ("读取", "reading"),
    "phase-check": ("核对", "checking"),
    "phase-instance": ("归并同类人员", "grouping people"),
    "phase-solve": ("求解", "solving"),
    "phase-dates": ("排定日期", "placing dates"),
    "phase-name": ("落实到人", "naming people"),
    "phase-audit": ("审核", "auditing"),
    "phase-write": ("写出结果", "writing results"),
    "rule": ("规则 {rule}（{clause}）", "rule {rule} ({clause})"),
    "stopping": (
        "正在停止并保留目前最好的计划；再按一次 Ctrl-C 则立即退出，不保留。",
        "Stopping with the best plan so far; Ctrl-C once more leaves at once without a plan.",
    ),
    "interrupted": ("已中断。", "Interrupted."),
    "crash": (
        "程序内部出错：{fault}\n您的文件没有被改动。请加上 --debug 重新运行，并把全部输出连同命令一起报告给维护者。",
        "The program itself failed: {fault}\nYour files were not changed. Please run the same command with --debug "
        "and report the whole output, with the command, to the maintainers.",
    ),
    "written": ("结果在：{folder}", "The results are in: {folder}"),
    "took": ("用时 {seconds}，内存最多 {memory} MiB。", "It took {seconds} and at most {memory} MiB of memory."),
    "code-4": (
        "硬性规则不能全部满足；已写出违反最少的计划。请看 audit.csv 中标为 breached 的行。",
        "The hard rules cannot all be kept; the plan that violates them least was written. See the rows of audit.csv "
        "marked breached.",
    ),
    "code-5": (
        "达到限制时差距仍大于要求；计划和差距已写出。",
        "Stopped at a limit before the gap asked for; plan and gap were written.",
    ),
    "code-6": ("审核发现有规则没有落实。", "The audit found a breach."),
    "code-130": ("已按要求停止；写出的是停止时最好的计划。", "Stopped as asked; the best plan so far was written."),
    "check-ok": ("检查通过：没有发现不能满足的规则。", "Checked: nothing found that cannot be kept."),
    "check-failed": ("检查未通过：有规则不能满足。", "Checked: some rules cannot be kept."),
    "check-errors": ("不能满足（{count}）", "Cannot be kept ({count})"),
    "check-warnings": ("提醒（{count}）", "Warnings ({count})"),
    "each-rule": ("逐条审核", "Rule by rule"),
    "tiny-people": (
        "tiny 是手工编写的，没有 --people；请用 one-prefecture 或 henan",
        "tiny is written by hand and takes no --people; use one-prefecture or henan",
    ),
    "tables-exist": (
        "目录 {folder} 中已有 {tables}；换一个目录，或加 --force 覆盖",
        "the folder {folder} already has {tables}; choose another, or --force to replace them",
    ),
    "unwritable": ("无法写入 {folder}：{reason}", "cannot write to {folder}: {reason}"),
}


class Talk:
    """The texts of the command line in one language.

    Examples
    --------
    >>> Talk("en")("refused", reason="the disk is full")
    'Not done: the disk is full'
    """

    def __init__(self, lang: Language) -> None:
        self.lang: Language = lang

    def __call__(self, code: str, /, **parameters: object) -> str:
        """The text of that code (``KeyError`` when there is none)."""
        chinese, english = TALK[code]
        return (chinese if self.lang == "zh" else english).format(**parameters)

    def known(self, code: str, otherwise: str) -> str:
        """The text of that code, or ``otherwise`` when there is none."""
        return self(code) if code in TALK else otherwise
