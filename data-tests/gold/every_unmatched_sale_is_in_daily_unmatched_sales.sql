-- daily_unmatched_sales counts the unmatched sales and their units, day by day.
{{ days_that_differ(ref('unmatched_sales'), ref('daily_unmatched_sales')) }}
