"""DuckDB reads all files of a folder, checks, joins and aggregates them, in memory.

What it leaves out: S3, Delta, a log, tests, reasons of rejection, and lines that it cannot read.
"""

# ruff: noqa: S608 - the folder is the command line's
import sys

import duckdb

READ = (
    "read_csv('{}/**/{}*', header=true, all_varchar=true, union_by_name=true, filename=true, "
    "ignore_errors=true, null_padding=true, strict_mode=false, parallel=false, "
    "normalize_names=true)"
)
connection = duckdb.connect()


def run(statement: str) -> None:
    """Run a statement."""
    connection.execute(statement)


run(f"""create table sales as
    select try_cast(createtime as date) as sold_on, trim(id) as customer_id,
        upper(trim(product)) as product, try_cast(quan as bigint) as quantity, trim(shop) as shop,
        lower(trim(platform)) as platform, filename
    from {READ.format(sys.argv[1], "data_sales_")}""")
run(f"""create table customers as
    select trim(id) as customer_id, trim(customername) as customer_name,
        lower(trim(gender)) as gender, try_cast(age as int) as age
    from {READ.format(sys.argv[1], "customer_infomation_")}
    where try_cast(age as int) between 0 and 130
    qualify row_number() over (partition by trim(id) order by filename desc) = 1""")
run("""create table accepted as
    select * from sales
    where sold_on is not null and quantity > 0 and customer_id is not null
        and product is not null""")
run("""create table all_sales as
    select accepted.*, customers.* exclude (customer_id),
        customers.customer_id is not null as is_matched
    from accepted left join customers on accepted.customer_id = customers.customer_id""")
run("""create table daily_sales as
    select sold_on, platform, product, gender, count(*) as orders, sum(quantity) as units,
        count(distinct customer_id) as customers
    from all_sales where is_matched group by all""")
print(connection.execute("select count(*) from all_sales").fetchone())
