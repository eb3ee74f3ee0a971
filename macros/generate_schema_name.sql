{#- The name that the variable `schemas` gives the layer, alone where the catalog belongs to one
    environment (local, ci, prod); on dev, where people share a catalog, each person's own prefix
    before it. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if target.name == 'local' and not target.host.startswith('localhost') -%}
        {{ exceptions.raise_compiler_error(
            "The target local is for the warehouse of this machine, and DATABRICKS_HOST names "
            ~ target.host ~ ". Use `--target dev`, which builds schemas of your own there."
        ) }}
    {%- endif -%}
    {%- if custom_schema_name is none -%}
        {{ target.schema }}
    {%- else -%}
        {%- set name = var('schemas').get(custom_schema_name | trim, custom_schema_name | trim) -%}
        {{ name if target.name in ('local', 'ci', 'prod') else target.schema ~ '_' ~ name }}
    {%- endif -%}
{%- endmacro %}
