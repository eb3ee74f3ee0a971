"""The few files that the proof lands, and the rows that they must become. Nothing here does I/O."""

import bz2
import gzip

import zstandard

Row = tuple[str | None, ...]

CUSTOMERS = "id,customername,gender,age\n"
SALES = "createtime,id,product,quan,shop,platform\n"
SHORT_LINE = "92,Short,male"
# `glob` is for the first of them alone: read as a pattern, the first key matches the second too.
PATTERN_KEY, DECOY_KEY = "crm/customer_infomation_[7]{x}?*.csv", "crm/customer_infomation_7xyz.csv"
MALFORMED_KEY = "crm/customer_infomation_9.csv"
CHANGED_KEY = "shop/data_sales_1.csv"
WIDER_KEY = "crm/customer_infomation_10.csv"
NEW_COLUMN = "loyalty"
KILLED_FILES = 12

FIRST: dict[str, bytes] = {
    "crm/customer_infomation_1.csv": f"{CUSTOMERS}1,Ann,female,30\n2,Ben,male,041\n".encode(),
    "crm/customer_infomation_2.csv": (
        '\ufeffid;customername;gender;age\r\n3;"Carl; the ""Great""\r\nof Aachen";male;52\r\n'
    ).encode(),
    "crm/customer_infomation_4.csv.gz": gzip.compress(f"{CUSTOMERS}4,Dóra,female,\n".encode()),
    "crm/customer_infomation_5.csv.bz2": bz2.compress(f"{CUSTOMERS}5,Éva,female,44\n".encode()),
    "crm/customer_infomation_6.csv.zst": zstandard.compress(f"{CUSTOMERS}6,Phúc,male,6\n".encode()),
    PATTERN_KEY: f"{CUSTOMERS}7,Pattern,male,7\n".encode(),
    DECOY_KEY: f"{CUSTOMERS}8,Decoy,male,8\n".encode(),
    MALFORMED_KEY: f"{CUSTOMERS}90,A,male,1\n91,B,male,2\n{SHORT_LINE}\n93,D,male,4\n".encode(),
    CHANGED_KEY: (
        f"{SALES}2026-08-01,1,APPLE,2,Main,shopee\n2026-08-02,2,OPPO,1,Main,lazada\n"
        "2026-08-02,2,OPPO,1,Main,lazada\n2026-08-03,99,NOKIA,1,Main,lazada\n"
    ).encode(),
}
# By key, the id, name, gender and age of each customer line that is well-formed.
VALUES: dict[str, list[Row]] = {
    "crm/customer_infomation_1.csv": [("1", "Ann", "female", "30"), ("2", "Ben", "male", "041")],
    "crm/customer_infomation_2.csv": [("3", 'Carl; the "Great"\nof Aachen', "male", "52")],
    "crm/customer_infomation_4.csv.gz": [("4", "Dóra", "female", None)],
    "crm/customer_infomation_5.csv.bz2": [("5", "Éva", "female", "44")],
    "crm/customer_infomation_6.csv.zst": [("6", "Phúc", "male", "6")],
}
GLOBBED: dict[str, list[Row]] = {
    PATTERN_KEY: [("7", "Pattern", "male", "7")],
    DECOY_KEY: [("8", "Decoy", "male", "8")],
}
# Files of no dataset. The first has its rows for who passes over two lines, a blank one among them,
# takes LF for the end of all that follow, and leading blanks away; the second is gzip with zero
# bytes behind its end.
LINES_KEY, PADDED_KEY = "odd/lines.csv", "odd/padded.csv.gz"
ODD: dict[str, bytes] = {
    LINES_KEY: b'Of August\n\nid, name\r\n1, Ann\n2, "Ben\rthe Small"\n',
    PADDED_KEY: gzip.compress(b"id\n1\n") + bytes(512),
}
LINES = [("1", "Ann"), ("2", "Ben\rthe Small")]
# Columns that hold personal data, where a table names a person.
PERSONAL = ("customername", "customer_name", "gender", "age")
# A file that comes again with fewer lines, and one with a column that no file had.
SECOND: dict[str, bytes] = {
    CHANGED_KEY: (
        f"{SALES}2026-08-01,1,APPLE,2,Main,shopee\n2026-08-04,1,VIVO,5,Main,tiktok\n"
    ).encode(),
    WIDER_KEY: b"id,customername,gender,age,loyalty\n10,Jo,female,33,gold\n",
}
CHANGED_PRODUCTS = ["APPLE", "VIVO"]
# What the loader is killed in: many files, one statement each, and the changed file once more.
THIRD: dict[str, bytes] = {
    f"killed/data_sales_k{number:02}.csv": (
        f"{SALES}2026-09-{number + 1:02},3,NOKIA,{number + 1},Branch,sendo\n".encode()
    )
    for number in range(KILLED_FILES)
} | {CHANGED_KEY: f"{SALES}2026-08-05,2,ASUS,3,Main,lazada\n".encode()}
SALES_AT_LAST = KILLED_FILES + 1
# The gold rows before and after, as product, units and lines.
GOLD_FIRST = [("APPLE", 2, 1), ("VIVO", 5, 1)]
GOLD_AT_LAST = [("ASUS", 3, 1), ("NOKIA", sum(range(1, KILLED_FILES + 1)), KILLED_FILES)]
