"""The functions of earlier releases that send a text to a language model or generate an image.

Each returns the model's text, and raises a ``CoaiaError`` on failure. If a trace is active, each
call is recorded in it as an observation. ``pre`` is put before the text.
"""

from typing import Any, Dict, List, Optional

from coaiapy.config import files as config_files
from coaiapy.config import openai as openai_settings
from coaiapy.config import values as config_values
from coaiapy.config.schema import KEY_OF
from coaiapy.errors import NetworkError, UsageError
from coaiapy.langfuse.traces import observe
from coaiapy.langfuse.traces.observe import Call, Seen
from coaiapy.llm import chat
from coaiapy.llm import tags as process_tags
from coaiapy.llm.openai import OpenaiHttp
from coaiapy.util.old_names import with_old_names

DEFAULT_INSTRUCTION = KEY_OF["default_preprompt_instruction"].default


def abstract_send(
    input_message: str,
    instructions_config_name: str,
    temperature_config_name: Optional[str] = None,
    instructions_default: str = DEFAULT_INSTRUCTION,
    temperature: Optional[float] = 0.3,
    pre: str = "",
) -> str:
    """Return the model's answer to a text, with an instruction from coaia.json.

    ``instructions_config_name`` and ``temperature_config_name`` are keys in coaia.json; if they are
    not there, ``instructions_default`` and ``temperature`` are used.
    """
    config = config_files.merged()
    instruction = config.get(instructions_config_name) or instructions_default
    if temperature_config_name and config.get(temperature_config_name) not in (None, ""):
        temperature = _temperature(temperature_config_name, config[temperature_config_name])
    return _send(pre + input_message, str(instruction), temperature, instructions_config_name)


def abstract_process_send(
    process_name: str, input_message: str, default_temperature: float = 0.35, pre: str = ""
) -> str:
    """Return the model's answer to a text, with the instruction of the tag ``process_name``.

    ``default_temperature`` is used if the tag has none. An unknown tag gets the default
    instruction.
    """
    tag = process_tags.find(process_name, config_files.merged())
    if tag is None:
        tag = process_tags.Tag(process_name, DEFAULT_INSTRUCTION, "default")
    temperature = default_temperature if tag.temperature is None else tag.temperature
    return _send(pre + input_message, tag.instruction, temperature, process_name, tag.model)


@with_old_names(input_message="msg")
def summarizer(msg: str, temperature: float = 0.3, pre: str = "") -> str:
    """Return a summary of a text, with the tag ``summarizer``."""
    return abstract_process_send("summarizer", msg, temperature, pre)


@with_old_names(input_message="msg")
def csv2json(msg: str, temperature: float = 0.3, pre: str = "") -> str:
    """Return a table of comma-separated values as JSON text, with the tag ``csv2json``."""
    return abstract_process_send("csv2json", msg, temperature, pre)


csv2json_legacy = csv2json


def d2s_send(input_message: str, temperature: float = 0.3, pre: str = "") -> str:
    """Return a story made from a description, with the tag ``d2s``."""
    return abstract_process_send("d2s", input_message, temperature, pre)


def dictkore_send(input_message: str, temperature: float = 0.3, pre: str = "") -> str:
    """Return a dictated text with corrections, with the tag ``dictkore``."""
    return abstract_process_send("dictkore", input_message, temperature, pre)


@with_old_names(user="user_message", system="system_message")
def llm(
    user_message: str, system_message: str = DEFAULT_INSTRUCTION, temperature: float = 0.3
) -> str:
    """Return the model's answer to one message, with a system message before it."""
    return _send(user_message, system_message, temperature, "llm")


@with_old_names(use_config=None)
def send_openai_request(
    input_message: str,
    temperature: Optional[float] = None,
    preprompt_instruction: Optional[str] = None,
    pre: str = "",
) -> str:
    """Return the model's answer to a text.

    Instruction and temperature that are not given are the settings
    ``default_preprompt_instruction`` and ``default_temperature``.
    """
    return send_openai_request_v4(input_message, temperature, preprompt_instruction, pre)


send_openai_request_v3 = send_openai_request


@with_old_names(use_config=None)
def send_openai_request_v4(
    input_message: str,
    temperature: Optional[float] = None,
    preprompt_instruction: Optional[str] = None,
    pre: str = "",
    modelname: Optional[str] = None,
) -> str:
    """Return what ``send_openai_request`` does, from the model ``modelname`` if it is given."""
    instruction = preprompt_instruction or config_values.load().get("default_preprompt_instruction")
    return _send(pre + input_message, instruction, temperature, "send_openai_request", modelname)


def generate_image(prompt: str, size: Optional[str] = None, nb_img: int = 1) -> List[str]:
    """Generate ``nb_img`` images; return for each its URL or the image as base64 text.

    ``size`` is like ``1024x1024``; the default is the setting ``default_size``.
    """
    if not prompt.strip():
        raise UsageError("there is no prompt to draw: give one")
    values = config_values.load()
    http = OpenaiHttp(openai_settings.find(values))
    body = {"prompt": prompt, "size": size or values.get("default_size"), "n": nb_img}

    def call() -> List[str]:
        return _pictures(http.post(http.service.image_url, body))

    described = Call("generate_image", input=prompt, parameters={"size": body["size"], "n": nb_img})
    return observe.recorder().observe(described, call, lambda found: Seen({"images": len(found)}))


def _pictures(answer: Dict[str, Any]) -> List[str]:
    listed = answer.get("data")
    found = [
        str(one.get("url") or one.get("b64_json") or "")
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict)
    ]
    if not found or not all(found):
        raise NetworkError("the answer contains no picture: check dalle_api_endpoint")
    return found


def _send(
    text: str,
    instruction: str,
    temperature: Optional[float],
    name: str,
    model: Optional[str] = None,
) -> str:
    values = config_values.load()
    request = chat.request_of(values, text, instruction, temperature, model)
    return chat.ask(values, request, name, observe.recorder()).text


def _temperature(name: str, value: Any) -> float:
    try:
        return process_tags.checked_temperature(value)
    except ValueError as error:
        raise UsageError("{} in coaia.json: {}".format(name, error)) from error
