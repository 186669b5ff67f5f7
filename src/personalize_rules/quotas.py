"""Quotas of Amazon Personalize. Those marked "adjustable" differ by account; these are the defaults.

Source: Developer Guide, "Amazon Personalize endpoints and quotas".
"""

from typing import Final

# Region
SCHEMAS: Final = 500
DATASET_GROUPS: Final = 5  # adjustable
RUNNING_IMPORT_JOBS: Final = 5
RUNNING_BATCH_INFERENCE_JOBS: Final = 5  # adjustable
RUNNING_BATCH_SEGMENT_JOBS: Final = 5
RUNNING_SOLUTION_VERSIONS: Final = 20  # adjustable

# Dataset group
SOLUTIONS: Final = 10  # adjustable; the General Reference shows 20
CAMPAIGNS: Final = 5  # adjustable
RECOMMENDERS: Final = 5  # another page: 15 per region
FILTERS: Final = 30  # adjustable
RUNNING_DATA_DELETION_JOBS: Final = 5  # adjustable
EVENT_TRACKERS: Final = 1
METRIC_ATTRIBUTIONS: Final = 1

# Filters
FILTER_EXPRESSION_LENGTH: Final = 2_500
FILTER_FIELDS: Final = 10
FILTER_FIELDS_OF_DATASET_GROUP: Final = 20
FILTER_PARAMETERS: Final = 25
FILTER_PARAMETER_NAME_LENGTH: Final = 50
FILTER_PARAMETER_VALUE_LENGTH: Final = 1_000
FILTER_EVENTS_PER_USER_AND_TYPE: Final = 100  # adjustable
FILTER_ACTION_EVENTS_PER_USER_AND_TYPE: Final = 300  # adjustable

# Schemas
SCHEMA_LENGTH: Final = 20_000
FIELD_NAME_LENGTH: Final = 150
INTERACTIONS_METADATA_COLUMNS: Final = 5  # own ones, without reserved
EVENT_TYPES_AND_METADATA: Final = 10
ITEMS_METADATA_FIELDS: Final = 100
ITEMS_TEXTUAL_FIELDS: Final = 1
USERS_METADATA_FIELDS: Final = 25
ACTIONS_METADATA_FIELDS: Final = 10
ACTION_INTERACTIONS_COLUMNS: Final = 5

# Values
ID_LENGTH: Final = 256
CATEGORICAL_VALUE_LENGTH: Final = 1_000
STRING_VALUE_LENGTH: Final = 1_000
IMPRESSION_LENGTH: Final = 1_000
TEXTUAL_VALUE_LENGTH: Final = 20_000  # 7,000 for Chinese and Japanese

# Imports, in bytes
FULL_IMPORT_SIZE: Final = 100 * 10**9  # Interactions: adjustable to 1 TB
INCREMENTAL_IMPORT_SIZE: Final = 10**9  # adjustable
DATA_DELETION_SIZE: Final = 100 * 10**6

# Training
INTERACTIONS_PER_IMPORT: Final = 1_000  # minimum
INTERACTIONS_FOR_TRAINING: Final = 1_000  # minimum, after filtering by event type and value
USERS_FOR_TRAINING: Final = 25  # minimum of users with two interactions or more
INTERACTIONS_PER_USER: Final = 2
USERS_SHARE_FOR_TRAINING: Final = 0.01  # and this share of all users
INTERACTIONS_CONSIDERED: Final = 500 * 10**6  # adjustable
INTERACTIONS_CONSIDERED_V2: Final = 3 * 10**9
ITEMS_CONSIDERED: Final = 750_000
ITEMS_CONSIDERED_V2: Final = 5 * 10**6
ITEMS_CONSIDERED_SEMANTIC_SIMILARITY: Final = 10 * 10**6
ACTIONS_CONSIDERED: Final = 1_000
TRAINING_DATA_COLUMNS: Final = 50
HPO_TRAINING_JOBS: Final = 40
HPO_PARALLEL_TRAINING_JOBS: Final = 10
AUTO_TRAINING_DAYS: Final = (1, 30)
AUTO_TRAINING_DAYS_DEFAULT: Final = 7

# Events
EVENTS_PER_CALL: Final = 10
EVENT_SIZE: Final = 10_000
RECORDS_PER_CALL: Final = 10
PUT_EVENTS_PER_SECOND: Final = 1_000  # adjustable
PUT_RECORDS_PER_SECOND: Final = 10

# Runtime
RESULTS_DEFAULT: Final = 25
RESULTS: Final = 500
RESULTS_WITH_METADATA: Final = 50
ACTION_RESULTS_DEFAULT: Final = 5
ACTION_RESULTS: Final = 100
METADATA_COLUMNS: Final = 10
RUNTIME_CALLS_PER_SECOND: Final = 2_500  # over the account
RUNTIME_CALLS_PER_SECOND_AND_CAMPAIGN: Final = 500

# Batch jobs
BATCH_FILES: Final = 1_000
BATCH_SIZE: Final = 10**9
BATCH_INFERENCE_RECORDS: Final = 50 * 10**6
BATCH_THEME_RECORDS: Final = 100
BATCH_SEGMENT_AFFINITY_QUERIES: Final = 500
BATCH_SEGMENT_ATTRIBUTE_QUERIES: Final = 10
BATCH_SEGMENT_USERS: Final = 5 * 10**6

# Other
METRICS_OF_ATTRIBUTION: Final = 10
SOURCES_OF_ATTRIBUTION: Final = 100
TAGS: Final = 50
CONTROL_PLANE_CALLS_PER_SECOND: Final = 1
