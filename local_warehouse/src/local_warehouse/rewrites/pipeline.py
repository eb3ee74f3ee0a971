"""All rewrites of a statement, in their order.

A rewrite is a function `rewrite(tree, columns_of) -> tree`. It gets a syntax tree whose relations
are the engine's, and a function that asks the engine for the columns of a query. It changes the
tree and returns it, or returns a new tree for the caller to use instead. If the tree does not have
the form in question, the rewrite leaves it as it is and asks the engine nothing.

Four modules of this room are called elsewhere: `merged_scans` by the statements, on the text before
it is parsed, and `coercions`, `correlated_values` and `lambda_filters` by the engine, when it has
failed.
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.argument_kinds import mark_doubtful_arguments
from local_warehouse.rewrites.builtin_functions import correct_functions
from local_warehouse.rewrites.by_type import correct_by_type
from local_warehouse.rewrites.cast_checks import fail_where_reached
from local_warehouse.rewrites.casts_by_name import cast_by_name
from local_warehouse.rewrites.collations import compare_by_collation
from local_warehouse.rewrites.confused_names import (
    look_into_outputs,
    qualify_aggregated_columns,
    spell_out_keys,
    tell_casts_apart,
    view_called_values,
)
from local_warehouse.rewrites.constants import compute_constants
from local_warehouse.rewrites.correlated_values import join_deep_values
from local_warehouse.rewrites.date_casts import cut_times_from_dates
from local_warehouse.rewrites.defaults import spell_out_defaults_of_deletes
from local_warehouse.rewrites.deletes import merge_deletes
from local_warehouse.rewrites.distinct_values import take_distinct_values
from local_warehouse.rewrites.empty_batches import guard_checks, raise_last
from local_warehouse.rewrites.filtered_aggregates import compute_what_is_taken
from local_warehouse.rewrites.generators import explode_maps
from local_warehouse.rewrites.grouping import (
    aggregate_totals,
    group_by_all,
    leave_out_empty_total,
    limit_totals,
    name_grouping_ids,
    sort_totals,
    spell_out_positions,
    spell_out_sets,
)
from local_warehouse.rewrites.indexes import look_up_by_name, look_up_in_change, look_up_in_select
from local_warehouse.rewrites.inline_tables import check_inline_tables, let_arrays_hold_null
from local_warehouse.rewrites.lateral_aliases import replace_lateral_aliases
from local_warehouse.rewrites.lateral_generators import (
    join_filtered_views,
    view_generators,
)
from local_warehouse.rewrites.lateral_queries import join_lateral_queries
from local_warehouse.rewrites.listed import look_into_listings
from local_warehouse.rewrites.named_arguments import place_named_arguments
from local_warehouse.rewrites.ordering import (
    order_by_all,
    order_by_outputs,
    order_ranges,
    order_unions_by_all,
    sort_partitions,
)
from local_warehouse.rewrites.outer_join_constants import hide_constants
from local_warehouse.rewrites.output_names import name_outputs
from local_warehouse.rewrites.padded_texts import pad_compared_texts
from local_warehouse.rewrites.path_operator import (
    extract_paths_of_change,
    extract_paths_of_select,
)
from local_warehouse.rewrites.pivots import spell_out_pivots
from local_warehouse.rewrites.predicates import (
    check_patterns,
    compare_nulls,
    compare_patterns,
    compare_rows,
    compare_structs,
)
from local_warehouse.rewrites.qualify import filter_qualified, sort_unions
from local_warehouse.rewrites.refused_forms import refuse
from local_warehouse.rewrites.regular_expressions import translate_patterns
from local_warehouse.rewrites.scopes import ColumnsOf, Rewrite, SelectRewrite, selects
from local_warehouse.rewrites.set_operations import compare_zeros, count_in_intersections
from local_warehouse.rewrites.stars import (
    spell_as_relations,
    spell_out_excepted_stars,
    spell_out_stars_of_calls,
)
from local_warehouse.rewrites.subquery_predicates import (
    filter_joins,
    look_into_changes,
    look_into_subqueries,
)
from local_warehouse.rewrites.text_views import copy_views
from local_warehouse.rewrites.time_units import correct_units
from local_warehouse.rewrites.unordered_values import refuse_unordered_stars
from local_warehouse.rewrites.using_joins import spell_out_using
from local_warehouse.rewrites.window_aggregates import (
    divide_covariances,
    leave_nulls_out_of_lists,
    sort_texts_over_windows,
)
from local_warehouse.rewrites.window_defaults import spell_out_defaults_of_windows
from local_warehouse.rewrites.window_specs import check_windows


def each_select(*rewrites: SelectRewrite) -> Rewrite:
    """A rewrite that applies all of these to each SELECT of a tree, to inner ones before outer
    ones: an outer SELECT asks for the columns of the inner ones, which the engine must read."""

    def rewrite_selects(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
        for select in selects(tree):
            current = select
            for rewrite in rewrites:
                current = rewrite(current, columns_of)
            if current is select:
                continue
            if select is tree:
                tree = current
            else:
                select.replace(current)
        return tree

    return rewrite_selects


REWRITES: tuple[Rewrite, ...] = (
    spell_as_relations,
    place_named_arguments,
    name_outputs,
    sort_partitions,
    each_select(look_up_by_name),
    check_inline_tables,
    compare_nulls,
    refuse,
    compute_what_is_taken,
    take_distinct_values,
    check_windows,
    compute_constants,
    cast_by_name,
    mark_doubtful_arguments,
    correct_units,
    compare_by_collation,
    pad_compared_texts,
    compare_rows,
    compare_structs,
    compare_patterns,
    translate_patterns,
    correct_functions,
    check_patterns,
    cut_times_from_dates,
    spell_out_defaults_of_deletes,
    spell_out_defaults_of_windows,
    sort_texts_over_windows,
    leave_nulls_out_of_lists,
    divide_covariances,
    each_select(join_lateral_queries, join_deep_values, filter_joins),
    each_select(
        extract_paths_of_select,
        look_into_subqueries,
        look_into_listings,
        view_generators,
        explode_maps,
        spell_out_pivots,
        spell_out_using,
        spell_out_excepted_stars,
        replace_lateral_aliases,
        look_up_in_select,
        group_by_all,
        aggregate_totals,
        spell_out_positions,
        leave_out_empty_total,
        spell_out_keys,
        spell_out_sets,
        name_grouping_ids,
        look_into_outputs,
        qualify_aggregated_columns,
        order_by_all,
        order_by_outputs,
        join_filtered_views,
        sort_totals,
        filter_qualified,
        limit_totals,
    ),
    order_unions_by_all,
    spell_out_stars_of_calls,
    extract_paths_of_change,
    look_up_in_change,
    refuse_unordered_stars,
    correct_by_type,
    fail_where_reached,
    tell_casts_apart,
    view_called_values,
    count_in_intersections,
    compare_zeros,
    hide_constants,
    copy_views,
    look_into_changes,
    merge_deletes,
    sort_unions,
    order_ranges,
    let_arrays_hold_null,
    raise_last,
    guard_checks,
)


def rewrite(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Apply every rewrite to a statement. Raises SqlError for a form that has none."""
    for one in REWRITES:
        tree = one(tree, columns_of)
    return tree
