# Made by tools/stubs.py from the table in the module beside it.
from prefect.storage.loading import extract_flow_from_file as extract_flow_from_file
from prefect.storage.loading import extract_flow_from_module as extract_flow_from_module
from prefect.storage.loading import flow_from_bytes_pickle as flow_from_bytes_pickle
from prefect.storage.loading import flow_to_bytes_pickle as flow_to_bytes_pickle
from prefect.storage.loading import get_flow_image as get_flow_image
