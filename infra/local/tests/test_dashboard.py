"""Drawing the dashboard from a store's log."""

import json
import unittest
from pathlib import Path

import dashboard

TEMPLATE = Path(__file__).parents[2] / "observability" / "template.yaml"
PREFIX = "2026-11-28 05:44:41 INFO [functions] shop-PlaceOrderFunction-AFE96CE8C2DB9 "


def placed(second, money) -> str:
    """The line of an order that was placed, as a function writes it."""
    directives = [
        {"Namespace": "Shop", "Dimensions": [["Stage"], ["Stage", own]], "Metrics": [{"Name": name, "Unit": "Count"}]}
        for name, own in (("OrdersPlaced", "Function"), ("Revenue", "Currency"))
    ]
    fields = {"OrdersPlaced": 1, "Revenue": money, "Stage": "local", "Function": "f", "Currency": "GBP"}
    return PREFIX + json.dumps(fields | {"_aws": {"Timestamp": second * 1000, "CloudWatchMetrics": directives}})


def answered(status, took) -> str:
    return PREFIX + json.dumps(
        {"time": "2026-11-28T05:44:40.146Z", "msg": "answered", "status": status, "duration_ms": took}
    )


class Points(unittest.TestCase):
    def test_the_stores_own_metrics_and_those_of_requests_are_read(self) -> None:
        found = dashboard.points([placed(100, 8300), placed(101, 700), answered(201, 53), answered(503, 9)])
        self.assertEqual(found["Shop OrdersPlaced"], [(100, 1), (101, 1)])
        self.assertEqual(found["Shop Revenue GBP"], [(100, 8300), (101, 700)])
        self.assertEqual([v for _, v in found["AWS/ApiGateway 5xx"]], [0, 1])
        self.assertEqual([v for _, v in found["AWS/Lambda Duration PlaceOrder"]], [53, 9])

    def test_what_is_no_line_of_the_store_is_passed_over(self) -> None:
        for line in ("", "panic: x", PREFIX + "{", PREFIX + "{}", PREFIX + '{"_aws": {}}', PREFIX + "[1]"):
            self.assertEqual(dict(dashboard.points([line])), {}, line)


class Page(unittest.TestCase):
    def test_every_widget_of_the_template_is_drawn_with_its_values(self) -> None:
        widgets = dashboard.widgets(TEMPLATE)
        drawn = dashboard.page(widgets, dashboard.points([placed(100, 8300), placed(105, 700)]))
        for widget in widgets:
            self.assertIn(f"<h2>{widget['title']}", drawn)
        self.assertIn("orders: 2<", drawn)
        self.assertIn("revenue: 9,000<", drawn)
        self.assertIn("no values here: conflicts on products", drawn)

    def test_a_store_that_logged_nothing_has_a_page_that_says_so(self) -> None:
        self.assertIn("logged nothing", dashboard.page(dashboard.widgets(TEMPLATE), {}))

    def test_a_statistic_is_made_of_each_periods_values(self) -> None:
        for name, want in (("Sum", 6), ("Maximum", 3), ("p50", 2), ("p99", 3), ("Average", 2)):
            self.assertEqual(dashboard.statistic(name, [3, 1, 2]), want, name)


if __name__ == "__main__":
    unittest.main()
