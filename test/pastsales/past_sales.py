"""Add up what a sales file sold, independently of the Go code: python3 past_sales.py FILE ZONE

Prints JSON: how many orders, units and pence there are, what each day of the zone sold, and the ten products with the
most revenue. Lines of an invoice that is a cancellation, of what are no goods, and of a quantity or price of 0 or less
are no sale. Left out as a whole are invoices with a price finer than a penny, with two prices of a product,
or with more than 10,000 of one.
"""

import collections
import csv
import datetime
import decimal
import json
import re
import sys
import zoneinfo

GOODS = re.compile(r"[0-9]{5}|DCGS|GIFT_|PADS$")
path, zone = sys.argv[1], zoneinfo.ZoneInfo(sys.argv[2])

invoices = collections.defaultdict(list)
with open(path, encoding="utf-8", newline="") as file:
    for line in csv.DictReader(file):
        invoices[line["InvoiceNo"].strip().upper()].append(line)

days = collections.defaultdict(lambda: [0, 0, 0])
products = collections.defaultdict(lambda: [0, 0])
for number, lines in invoices.items():
    if number.startswith("C"):
        continue
    sold = []
    for line in lines:
        code = line["StockCode"].strip().upper()
        price = decimal.Decimal(line["UnitPrice"]) * 100
        if GOODS.match(code) and int(line["Quantity"]) > 0 and price != 0:
            sold.append((code, int(line["Quantity"]), price))
    prices = collections.defaultdict(set)
    for code, _, price in sold:
        prices[code].add(price)
    sums = collections.Counter()
    for code, units, _ in sold:
        sums[code] += units
    fine = any(price % 1 for _, _, price in sold)
    if not sold or fine or max(sums.values()) > 10_000 or any(len(p) > 1 for p in prices.values()):
        continue
    placed = datetime.datetime.fromisoformat(lines[0]["InvoiceDate"]).astimezone(zone)
    day = days[placed.date().isoformat()]
    day[0] += 1
    for code, units, price in sold:
        day[1] += units
        day[2] += int(price) * units
        products[code][0] += int(price) * units
        products[code][1] += units

top = sorted(products.items(), key=lambda p: (-p[1][0], p[0]))[:10]
json.dump(
    {
        "total": [sum(day[i] for day in days.values()) for i in range(3)],
        "days": days,
        "top": [[code, pence, units] for code, (pence, units) in top],
    },
    sys.stdout,
)
