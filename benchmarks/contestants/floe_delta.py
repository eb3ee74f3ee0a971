"""Floe into Delta. Arguments: folder, output, whether odd records are expected."""

import sys
from pathlib import Path

import floe

folder, output = Path(sys.argv[1]), sys.argv[2]
names = ("id", "createtime", "customer", "product", "quan", "shop", "platform", "comment")
columns = "\n".join(
    f'        - {{name: "{name}", type: "string", nullable: true}}' for name in names
)
config = Path(f"{output}.yml")
config.write_text(f"""version: "0.1"
report:
  path: "{output}_report"
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
      rejected:
        format: "csv"
        path: "{output}_rejected"
    policy:
      severity: "reject"
    schema:
      columns:
{columns}
""")
floe.run(str(config))
