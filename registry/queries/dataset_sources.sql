select distinct source from datasets
