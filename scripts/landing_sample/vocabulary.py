"""The words that the sample is made of. Products and platforms are those of the dbt seeds."""

FEMALE_NAMES = ("Anna", "Chloé", "Hoa", "Linh", "Mai", "Maria", "Nguyệt", "Olga", "Priya", "Zoë")
MALE_NAMES = ("An", "Björn", "Dũng", "Ivan", "José", "Kenji", "Minh", "Omar", "Tom", "Wei")
SURNAMES = (
    "Chan", "Đặng", "García", "Ivanova", "Lee", "Müller", "Nguyen", "O'Brien",
    "Patel", "Pham", "Santos", "Smith", "Tan", "Tran", "van der Berg", "Wong",
)  # fmt: skip
NICKNAMES = ("Ace", "Bee", "Lucky", "Max", "Sunny")

# In order of popularity: the first is drawn most often.
PRODUCTS = ("APPLE", "SAMSUNG", "XIAOMI", "OPPO", "VIVO", "HUAWEI", "NOKIA")
MISSPELT_PRODUCTS = {"SUMSUNG": "SAMSUNG"}

PLATFORMS = ("shopee", "lazada", "tiktok")
SHOPS = (
    "An Khang Mobile", "Bangkok Phones", "Cellular City", "Central Plaza", "Chợ Lớn Digital",
    "Gadget Garden", "Happy Phone", "Hello Mobile", "Jakarta Cell", "Manila Gadgets",
    "Mobile World", "Phone Republic", "Saigon Store", "Tech Corner", "Uptown Electronics",
)  # fmt: skip
DISTRICTS = ("District 1", "District 3", "Unit 12", "West Wing")

# Wrong values.
BAD_DATES = ("31/12/2025", "2026-02-30", "2025-13-01", "yesterday", "05-Jan-2026")
BAD_QUANTITIES = ("0", "-1", "two", "1.5", "3 pcs")
BAD_AGES = ("-4", "131", "thirty", "41.5", "unknown")
UNKNOWN_PLATFORMS = ("lazda", "myspace")

# The months of the sample, July 2025 to June 2026, with their shares of the sales in percent.
MONTHS = (
    ("2025-07", 6), ("2025-08", 7), ("2025-09", 8), ("2025-10", 9),
    ("2025-11", 13), ("2025-12", 14), ("2026-01", 9), ("2026-02", 6),
    ("2026-03", 7), ("2026-04", 7), ("2026-05", 7), ("2026-06", 7),
)  # fmt: skip
NEXT_MONTH = "2026-07"
