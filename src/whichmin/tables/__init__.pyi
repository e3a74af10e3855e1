from .ensemble import ensemble_tables as ensemble_tables
from .noise import noise_table as noise_table
from .report import report_document as report_document
from .sharpness import sharpness_table as sharpness_table
from .sharpness_instruments import instruments_table as instruments_table
