// Text that becomes HTML.
export const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** As much of Markdown as our panels use: bold, italic, code, links, paragraphs. */
export const markdown = (text: string): string =>
  escape(text)
    .replaceAll(/\*\*(.+?)\*\*/g, "<b>$1</b>")
    .replaceAll(/\*(.+?)\*/g, "<i>$1</i>")
    .replaceAll(/`(.+?)`/g, "<code>$1</code>")
    .split("\n\n")
    .map((paragraph) => `<p>${paragraph}</p>`)
    .join("");
