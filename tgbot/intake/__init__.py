"""Updates from Telegram: kept before they are acknowledged, judged, and handled in one lane per person."""
