"""What ``coaia fuse traces add-observations FILE`` does, done with the official SDK."""

import json
import sys

from langfuse import Langfuse


def main(path):
    client = Langfuse()
    root = client.start_observation(name="bench")
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            values = json.loads(line)
            root.start_observation(
                name=values["name"], input=values["input"], metadata=values["metadata"]
            ).end()
    root.end()
    client.flush()


if __name__ == "__main__":
    main(sys.argv[1])
