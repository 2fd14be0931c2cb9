"""Count what a sales file sells, independently of the Go code: python3 goods.py FILE

Prints the numbers that goods_test.go expects of the real file. The digest is a SHA-256 over one line
"id<TAB>name<TAB>pence<TAB>units" for each product, in the order of the ids.
"""
import collections, csv, decimal, hashlib, re, sys

GOODS = re.compile(r"[0-9]{5}|DCGS|GIFT_|PADS$")
refused = collections.Counter()
names = collections.defaultdict(collections.Counter)
price, units, ids = {}, collections.Counter(), set()

lines = list(csv.DictReader(open(sys.argv[1], encoding="utf-8", newline="")))
for position, line in enumerate(lines):
    code = line["StockCode"].strip().upper()
    if not GOODS.match(code):
        refused["not goods"] += 1
        continue
    pence = decimal.Decimal(line["UnitPrice"]) * 100
    if pence != pence.to_integral_value():
        refused["finer than a penny"] += 1
        continue
    ids.add(code)
    name = re.sub(r"\s+", " ", line["Description"]).strip()
    if name:
        names[code][name] += 1
    if pence > 0:
        price[code] = max(price.get(code, ("", 0, 0)), (line["InvoiceDate"], position, int(pence)))
    if int(line["Quantity"]) > 0 and not line["InvoiceNo"].upper().startswith("C"):
        units[code] += int(line["Quantity"])

digest, goods = hashlib.sha256(), 0
for code in sorted(ids):
    if code not in names:
        refused["no name"] += 1
    elif code not in price:
        refused["no price"] += 1
    else:
        name = min(names[code], key=lambda n: (-names[code][n], n))
        digest.update(f"{code}\t{name}\t{price[code][2]}\t{units[code]}\n".encode())
        goods += 1
print("lines", len(lines), "codes of goods", len(ids), "products", goods, "refused", dict(refused))
print("digest", digest.hexdigest())
