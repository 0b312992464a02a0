"""What ``coaia pipeline create bench`` does, done with the official SDK."""

from langfuse import Langfuse


def main():
    client = Langfuse()
    root = client.start_observation(name="one", input={"a": 1})
    for name in ("two", "three", "four"):
        root.create_event(name=name)
    root.end()
    client.flush()


if __name__ == "__main__":
    main()
