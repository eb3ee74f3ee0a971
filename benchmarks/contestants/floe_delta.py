"""Floe into Delta. Arguments: folder, output, whether odd records are expected.

Its settings and its report are in the working directory.
"""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import floe

folder, output = sys.argv[1], sys.argv[2]
names = ("id", "createtime", "customer", "product", "quan", "shop", "platform", "comment")
columns = "\n".join(
    f'        - {{name: "{name}", type: "string", nullable: true}}' for name in names
)
storages = ""
if folder.startswith("s3://"):
    storages = "storages:\n  default: landing\n  definitions:\n" + "".join(
        f'    - {{name: {name}, type: s3, bucket: "{urlsplit(url).netloc}", region: us-east-1}}\n'
        for name, url in (("landing", folder), ("lakehouse", output))
    )
    into = "        storage: lakehouse\n"
else:
    into = ""
config = Path("sales.yml").absolute()
config.write_text(f"""version: "0.1"
{storages}report:
  path: "{config.parent / "report"}"
entities:
  - name: "sales"
    source:
      format: "csv"
      path: "{folder}"
      options: {{separator: ","}}
    sink:
      accepted:
        format: "delta"
        path: "{output}"
{into}      rejected:
        format: "csv"
        path: "{output}_rejected"
{into}    policy:
      severity: "reject"
    schema:
      columns:
{columns}
""")
floe.run(str(config))
