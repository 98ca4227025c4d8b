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
    "phase-group": ("归并同类人员", "grouping like people"),
    "phase-solve": ("求解", "solving"),
    "phase-prices": ("求价格", "finding prices"),
    "phase-bounds": ("计算界", "proving bounds"),
    "phase-blocks": ("编制各部分计划", "planning block by block"),
    "phase-dates": ("排定日期", "placing dates"),
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

DEFECTS_ZH: Mapping[
    str, str
] = {  # code of a defect -> what is wrong, for readers of Chinese; the values stand below it
    "ambiguous-sheet": "有几张工作表都像是这张表，请只留一张用这个名称",
    "ambiguous-table": "同一张表有多个文件，请只留一个或在 [tables] 中写明",
    "bad-date": "不是日期，请写成 2019-03-04 的样子",
    "bad-flag": "不是“是/否”，请写 是、否、true、false、1 或 0",
    "bad-horizon": "规划年度有误，请写连续的年份",
    "bad-list": "列表写法有误，多个值之间用英文分号 ; 隔开",
    "bad-number": "不是可用的数字，请只写数字",
    "bad-override": "覆盖的写法有误",
    "bad-segments": "分段写法有误",
    "bad-value": "取值不符合要求",
    "blank-header": "表头有空白列名",
    "broken-csv": "CSV 文件格式有误，请检查引号",
    "broken-toml": "TOML 文件格式有误，请检查引号和括号",
    "call-ups-above-seats": "点名调训人数超过班次名额",
    "cells": "这一行的单元格比表头多",
    "damaged-id": "编号已被表格软件改坏，请把该列设为文本后重新填写",
    "date": "不是日期，请写成 2019-03-04 的样子",
    "double-column": "列名重复",
    "doubled-call-up": "同一人在同一班次被点名两次",
    "doubled-column": "列名重复",
    "doubled-id": "编号重复",
    "empty": "文件是空的",
    "empty-audience": "规则的对象在名册中一个人也没有",
    "empty-cell": "必填单元格是空的",
    "empty-file": "文件是空的",
    "empty-programmes": "规则的项目范围里没有任何项目",
    "encoding": "文件不是 UTF-8 编码，请另存为“CSV UTF-8”",
    "ends-before-start": "结束日期早于开始日期",
    "everyone-above-seats": "要求全员参加，但名额不够",
    "excel-error": "单元格里是 Excel 错误值",
    "extends-cycle": "情景文件的 extends 互相循环",
    "file-type": "不支持这种文件",
    "filter-type": "筛选条件与该列的数据类型不符",
    "flag": "不是“是/否”，请写 是、否、true 或 false",
    "format": "不支持这种文件",
    "forbidden-call-up": "点名调训与禁止安排互相矛盾",
    "merged-cells": "有合并单元格，请取消合并",
    "merged-header": "表头有合并单元格，请取消合并",
    "min-above-seats": "最少人数大于可用名额",
    "missing-column": "缺少必需的列",
    "missing-file": "找不到文件",
    "missing-key": "缺少必需的键",
    "missing-sheet": "工作簿里没有这张工作表",
    "no-rows": "表里没有数据行",
    "no-such-date": "这个日期不存在",
    "number": "不是可用的数字",
    "outside-horizon": "班次不在规划年度内",
    "overlapping-call-ups": "同一人被点名的班次时间重叠",
    "ragged-row": "这一行的单元格数与表头不符",
    "team-of-two-units": "同一班子的成员分属不同单位",
    "too-small": "数值小于允许的最小值",
    "unavailable-call-up": "点名的班次落在此人不能参训的时段",
    "unit-cycle": "上级单位互相循环",
    "unknown-cadre": "没有这个人员编号",
    "unknown-column": "没有这一列",
    "unknown-key": "不认识的键",
    "unknown-kind": "不认识的规则种类",
    "unknown-programme": "没有这个项目编号",
    "unknown-rule": "没有这条规则",
    "unknown-session": "没有这个班次编号",
    "unknown-unit": "没有这个单位编号",
    "unknown-value": "不在允许的取值之内",
    "unreadable": "文件无法读取",
    "unreadable-file": "文件无法读取",
    "wrong-type": "数据类型不对",
    "wrong-year": "年度与开始日期不符",
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
