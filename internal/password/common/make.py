"""Write passwords.txt from the list that Django keeps. Usage: python3 make.py django-VERSION-py3-none-any.whl"""
import gzip
import pathlib
import sys
import unicodedata
import zipfile

LIST = "django/contrib/auth/common-passwords.txt.gz"
SHORTEST = 8  # the policy refuses anything shorter before it looks here

with zipfile.ZipFile(sys.argv[1]) as wheel:
    lines = gzip.decompress(wheel.read(LIST)).decode().splitlines()
passwords = {unicodedata.normalize("NFC", line.lower()) for line in lines}
kept = sorted(p for p in passwords if len(p) >= SHORTEST)
pathlib.Path(__file__).with_name("passwords.txt").write_text("\n" + "\n".join(kept) + "\n", encoding="utf-8", newline="\n")
