"""Texts of strangers that a page must show, and not run."""

TEXTS = [
    "</script><script>window.caught = 1</script>",
    "<img src=x onerror='window.caught = 1'>",
    "[a](javascript:window.caught=1) <a href='javascript:window.caught=1'>b</a> ![c](https://x.test/y.png)",
    "javascript:window.caught=1",
    '**<svg onload=window.caught=1>** `<b>` https://x.test/"onmouseover=window.caught=1',
    "data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImNhdWdodD0xIi8+",
    "constructor",
]
