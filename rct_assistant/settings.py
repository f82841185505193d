"""Settings, from the environment (`RCT_ASSISTANT_…`) and from nowhere else. No other module reads the environment."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_cache_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from rct_assistant.corpus import default_corpus_folder
from rct_assistant.errors import UsageError

PACKAGED_MODEL = "packaged"


class Settings(BaseSettings):
    """Where things stand and how the chat is served."""

    model_config = SettingsConfigDict(env_prefix="RCT_ASSISTANT_", frozen=True)

    corpus: Path = Field(default_factory=default_corpus_folder, description="folder with the documents")
    data: Path = Field(default_factory=lambda: user_cache_path("rct-assistant"), description="folder for the index")
    model: str = Field(default=PACKAGED_MODEL, description="'packaged', a folder, or a model's name on the hub")
    host: str = Field(default="127.0.0.1", description="address to serve the chat on")
    port: int = Field(default=7860, ge=1, le=65535, description="port to serve the chat on")


def load_settings() -> Settings:
    """Read the settings; raises UsageError with one line for the first that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "RCT_ASSISTANT_" + "_".join(map(str, first["loc"])).upper()
        raise UsageError(
            f"found {name}={first['input']!r} ({first['msg'].lower()}); set another value or unset it"
        ) from error
