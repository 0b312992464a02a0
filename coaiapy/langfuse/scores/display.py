"""The columns of tables of scores, of score configs, and of what an import of configs did."""

COLUMNS = {
    "id": "Score",
    "name": "Name",
    "value": "Value",
    "dataType": "Type",
    "timestamp": "Time",
    "traceId": "Trace",
    "sessionId": "Session",
    "comment": "Comment",
}
CONFIG_COLUMNS = {
    "id": "Config",
    "name": "Name",
    "dataType": "Type",
    "description": "Description",
    "createdAt": "Created",
}
MADE_COLUMNS = {"name": "Name", "dataType": "Type", "outcome": "Outcome", "id": "Config"}
PREVIEW_COLUMNS = {"number": "#", "name": "Name", "dataType": "Type", "outcome": "Outcome"}
PRESET_COLUMNS = {
    "name": "Preset",
    "dataType": "Type",
    "category": "Category",
    "range": "Range",
    "description": "Description",
}
