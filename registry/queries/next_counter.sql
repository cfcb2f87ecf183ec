update counters set value = value + 1 where name = $1 returning value
