"""The browser chat: pages of HTML that is escaped here, on Gradio and FastAPI. The only place that imports gradio."""

import os

# Gradio reads these when it is imported; whatever stands there already, it must not call out.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
