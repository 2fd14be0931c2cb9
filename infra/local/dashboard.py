"""Draw the dashboard of infra/observability/template.yaml from a local store's log, as one HTML page.

    python dashboard.py LOG PAGE [TEMPLATE]

The widgets, their titles and their metrics are those of the template. The values are what the functions logged: the
store's own metrics (embedded metric format), and API Gateway's and Lambda's as far as the lines "answered" tell them.
What AWS alone measures is named below its widget.
"""

import html
import json
import math
import re
import sys
from collections import defaultdict
from pathlib import Path

LINE = re.compile(r"\S+ \S+ \w+ \[functions\] (?P<function>\S+) (?P<text>\{.*)")
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#17becf", "#7f7f7f")
WIDTH, HEIGHT, LEFT, BOTTOM = 420, 190, 46, 20
MOST_PERIODS = 60
PERIODS = (10, 30, 60, 300, 900, 3600)  # seconds
SEARCH = re.compile(r'SEARCH\(\'\{Shop,(\w+),Stage\} MetricName="(\w+)"')


def widgets(path) -> list[dict]:
    """The widgets of the template, with each parameter by its name."""
    from translate import read

    body = read(path)["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    return [w["properties"] for w in json.loads(re.sub(r"\$\{([\w:]+)\}", parameter, body))["widgets"]]


def parameter(found) -> str:
    return {"Stage": "local", "AWS::Region": "this machine"}.get(found[1], found[1])


def points(lines) -> dict[str, list[tuple[float, float]]]:
    """(seconds, value) of each metric that the lines tell, by namespace, name and, if it is a code's, the code."""
    found = defaultdict(list)
    for line in lines:
        match = LINE.match(line)
        try:
            fields = json.loads(match["text"]) if match else None
        except ValueError:
            continue  # a panic, or a line that was cut off
        if isinstance(fields, dict):
            for key, second, value in (*embedded(fields), *answered(fields, match["function"])):
                found[key].append((second, value))
    return found


def embedded(fields) -> list[tuple]:
    second = fields.get("_aws", {}).get("Timestamp", 0) / 1000
    measured = []
    for directive in fields.get("_aws", {}).get("CloudWatchMetrics", []):
        for metric in directive["Metrics"]:
            name, own = metric["Name"], directive["Dimensions"][-1][-1]
            measured.append((f"Shop {name}", second, fields[name]))
            if own != "Function":
                measured.append((f"Shop {name} {fields[own]}", second, fields[name]))
    return measured


def answered(fields, function) -> list[tuple]:
    """What API Gateway and Lambda measure of a request."""
    if fields.get("msg") != "answered":
        return []
    from datetime import datetime

    second = datetime.fromisoformat(fields["time"][:19] + "+00:00").timestamp()
    status, took = fields["status"], fields["duration_ms"]
    measured = [("AWS/ApiGateway Count", second, 1), ("AWS/ApiGateway Latency", second, took)]
    measured += [(f"AWS/ApiGateway {kind}xx", second, int(status // 100 == kind)) for kind in (4, 5)]
    return [*measured, (f"AWS/Lambda Duration {plain(function)}", second, took)]


def plain(function) -> str:
    """The logical id of a function, without its last word: shop-PlaceOrderFunction-1A2B is PlaceOrder."""
    return re.sub(r"^[^-]+-|Function.*$", "", function)


def series(widget, found) -> list[dict]:
    """The lines of a widget: label, statistic, and the metric's points, which are empty where AWS alone measures it."""
    drawn, before = [], []
    for metric in widget["metrics"]:
        options = metric[-1] if isinstance(metric[-1], dict) else {}
        names = [name for name in metric if isinstance(name, str)]
        before = names = [b if n == "." else n for n, b in zip(names, before, strict=False)] or names
        statistic = options.get("stat", widget.get("stat", "Average"))
        if "expression" in options:
            drawn += searched(options["expression"], found)
            continue
        key = f"{names[0]} {names[1]}" + (f" {names[-1]}" if names[1] == "Duration" else "")
        drawn.append(
            {"label": options.get("label", names[1]), "stat": statistic, "points": found.get(key, [])}
            | {"right": options.get("yAxis") == "right"}
        )
    return drawn


def searched(expression, found) -> list[dict]:
    name = SEARCH.match(expression)[2]
    keys = sorted(key for key in found if key.startswith(f"Shop {name} "))
    return [{"label": k.split()[-1], "stat": "Sum", "points": found[k], "right": False} for k in keys]


def statistic(name, values) -> float:
    if name == "Sum":
        return sum(values)
    if name == "Maximum":
        return max(values)
    if name.startswith("p"):
        return sorted(values)[math.ceil(float(name[1:]) / 100 * len(values)) - 1]
    return sum(values) / len(values)


def by_period(line, start, period) -> list[tuple[int, float]]:
    """(period's number, its value) of a line."""
    values = defaultdict(list)
    for second, value in line["points"]:
        values[int((second - start) // period)].append(value)
    return [(i, statistic(line["stat"], values[i])) for i in sorted(values)]


def page(all_widgets, found) -> str:
    seconds = [second for line in found.values() for second, _ in line]
    if not seconds:
        return "<!doctype html><title>Dashboard</title><p>The functions have logged nothing yet."
    start, end = min(seconds), max(seconds)
    period = next((p for p in PERIODS if (end - start) / p <= MOST_PERIODS), PERIODS[-1])
    start -= start % period
    count = int((end - start) // period) + 1
    boxes = "\n".join(box(w, series(w, found), start, period, count) for w in all_widgets)
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Dashboard</title><style>
body {{ font: 13px system-ui, sans-serif; margin: 16px; background: #f3f4f6; color: #111 }}
main {{ display: grid; grid-template-columns: repeat(3, {WIDTH + 24}px); gap: 12px }}
section {{ background: #fff; padding: 12px; border-radius: 6px }} h2 {{ font-size: 14px; margin: 0 0 6px }}
ul {{ list-style: none; margin: 6px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 2px 12px }}
.only {{ color: #6b7280; margin: 6px 0 0 }} text {{ font-size: 11px; fill: #6b7280 }}
</style><h1>Dashboard</h1><p>{count} periods of {period} seconds, from {clock(start)} UTC.</p>
<main>
{boxes}
</main></html>"""


def clock(second) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")


def box(widget, lines, start, period, count) -> str:
    drawn = [(line, by_period(line, start, period)) for line in lines if line["points"]]
    missing = [line["label"] for line in lines if not line["points"]]
    tops = [highest(values for line, values in drawn if line["right"] is side) for side in (False, True)]
    paths = "".join(path(values, tops[line["right"]], count, COLOURS[i % 8]) for i, (line, values) in enumerate(drawn))
    legend = "".join(
        f'<li><span style="color:{COLOURS[i % 8]}">■</span> {html.escape(line["label"])}: {total(line)}</li>'
        for i, (line, _) in enumerate(drawn)
    )
    only = f'<p class="only">no values here: {html.escape(", ".join(missing))}</p>' if missing else ""
    axes = "".join(
        f'<text x="{x}" y="12" text-anchor="{anchor}">{shown(top)}</text>'
        for x, anchor, top in ((LEFT - 4, "end", tops[0]), (WIDTH, "end", tops[1]))
        if top
    )
    return f"""<section><h2>{html.escape(widget["title"])}</h2>
<svg width="{WIDTH}" height="{HEIGHT}" role="img">
<line x1="{LEFT}" y1="{HEIGHT - BOTTOM}" x2="{WIDTH}" y2="{HEIGHT - BOTTOM}" stroke="#d1d5db"/>
<text x="{LEFT - 4}" y="{HEIGHT - BOTTOM}" text-anchor="end">0</text>{axes}{paths}</svg>
<ul>{legend}</ul>{only}</section>"""


def highest(all_values) -> float:
    return max((value for values in all_values for _, value in values), default=0)


def total(line) -> str:
    return shown(statistic(line["stat"], [value for _, value in line["points"]]))


def shown(value) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def path(values, top, count, colour) -> str:
    high = HEIGHT - BOTTOM - 16
    places = [
        (LEFT + (i + 0.5) * (WIDTH - LEFT) / count, HEIGHT - BOTTOM - (v / top * high if top else 0)) for i, v in values
    ]
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in places)
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="1.5"/>{dots}'


def main(argv) -> None:
    template = argv[2] if len(argv) > 2 else Path(__file__).parents[1] / "observability" / "template.yaml"
    with open(argv[0], errors="replace") as lines:
        found = points(lines)
    Path(argv[1]).write_text(page(widgets(template), found))


if __name__ == "__main__":
    main(sys.argv[1:])
