"""Pick the invoices to replay of a sales file, independently of the Go code: python3 invoices.py FILE N

Prints the numbers that invoices_test.go expects of the real file. The digest is a SHA-256 over one line
"invoice<TAB>customer<TAB>code:quantity …" for each invoice picked, in the file's order.
"""
import csv, hashlib, re, sys

GOODS = re.compile(r"[0-9]{5}|DCGS|GIFT_|PADS$")
invoices = {}
for line in csv.DictReader(open(sys.argv[1], encoding="utf-8", newline="")):
    invoices.setdefault(line["InvoiceNo"], []).append(line)

picked, customers, sold, digest = 0, set(), 0, hashlib.sha256()
for number, lines in invoices.items():
    items = [(line["StockCode"].upper(), int(line["Quantity"])) for line in lines]
    items = [(code, n) for code, n in items if GOODS.match(code) and n > 0]
    if number.startswith("C") or not lines[0]["CustomerID"] or not items or picked == int(sys.argv[2]):
        continue
    picked += 1
    customers.add(lines[0]["CustomerID"])
    sold += sum(n for _, n in items)
    text = " ".join(f"{code}:{n}" for code, n in items)
    digest.update(f"{number}\t{lines[0]['CustomerID']}\t{text}\n".encode())
print("invoices", picked, "customers", len(customers), "units", sold, "digest", digest.hexdigest())
