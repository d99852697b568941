/** Texts a target may answer with, to be put into every free field of a report. */
export const hostileTexts: readonly { readonly name: string; readonly text: string }[] = [
  { name: "closing script", text: "</script><script>document.title='owned'</script>" },
  { name: "comment that hides a script end", text: "<!--<script>" },
  {
    name: "image with handler",
    text: "<img src=http://127.0.0.1:9/x onerror=document.title='owned'>",
  },
  { name: "svg with handler", text: "<svg onload=document.title='owned'></svg>" },
  { name: "attribute break", text: "\" onmouseover=\"document.title='owned'\" x='" },
  { name: "style end", text: "</style><style>*{display:none}</style>" },
  { name: "frame", text: "<iframe srcdoc='<script>1</script>'></iframe>" },
  { name: "script address", text: "javascript:document.title='owned'" },
  { name: "bidi override", text: "\u202e\u2066READY\u2069" },
  { name: "terminal escape", text: "\u001b]8;;http://127.0.0.1:9/\u0007link\u001b[31m" },
  { name: "nul and lone surrogate", text: "\u0000\ud800" },
  { name: "line separators", text: "\u2028\u2029" },
  { name: "shell", text: "'; rm -rf /; $(id) `id`\n" },
  { name: "formula", text: '=HYPERLINK("http://127.0.0.1:9")' },
  { name: "prototype", text: "__proto__" },
  { name: "fake verdict", text: "passed READY 41 of 41" },
  { name: "long word", text: "W".repeat(3000) },
];
