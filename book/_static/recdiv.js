// Boxes that scroll must be reached by the keyboard too (the theme sees to its own; figures are ours).
(() => {
  function mark() {
    for (const figure of document.querySelectorAll(".bd-article figure")) {
      if (figure.scrollWidth > figure.clientWidth) figure.tabIndex = 0;
      else figure.removeAttribute("tabindex");
    }
  }
  window.addEventListener("load", mark);
  window.addEventListener("resize", mark);
})();

// Columns of words start at the left; numbers stay at the right, digit under digit.
document.addEventListener("DOMContentLoaded", () => {
  const number = /^[-+−]?[\d.,]+(e[-+]?\d+)?\s?%?$|^(nan|NaN|None|inf|-inf|<NA>|)$/;
  for (const table of document.querySelectorAll("table.dataframe")) {
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
    const width = Math.max(0, ...rows.map((row) => row.querySelectorAll("td").length));
    for (let column = 0; column < width; column++) {
      const cells = rows.map((row) => row.querySelectorAll("td")[column]).filter(Boolean);
      if (cells.every((cell) => number.test(cell.textContent.trim()))) continue;
      const heads = [...(table.tHead?.rows ?? [])].map((row) => row.cells[row.cells.length - width + column]);
      for (const cell of [...cells, ...heads]) cell?.classList.add("words");
    }
  }
});

// Diagrams: drawn in the page's colours, and drawn again when the reader switches between light and dark.
(() => {
  const palette = {
    light: { text: "#1c2427", line: "#4a5a60", box: "#e7f1f2", edge: "#0a6570", ground: "#ffffff", cluster: "#f5f7f7" },
    dark: { text: "#e6eaeb", line: "#a9b6ba", box: "#12353a", edge: "#6fd3dc", ground: "#15191b", cluster: "#1d2325" },
  };

  function settings(theme) {
    const c = palette[theme];
    return {
      startOnLoad: false,
      securityLevel: "strict",
      theme: "base",
      flowchart: { useMaxWidth: false, htmlLabels: true },
      themeVariables: {
        darkMode: theme === "dark",
        fontFamily: "system-ui, sans-serif",
        fontSize: "15px",
        background: c.ground,
        primaryColor: c.box,
        primaryTextColor: c.text,
        primaryBorderColor: c.edge,
        mainBkg: c.box,
        nodeBorder: c.edge,
        nodeTextColor: c.text,
        secondaryColor: c.cluster,
        tertiaryColor: c.cluster,
        clusterBkg: c.cluster,
        clusterBorder: c.line,
        lineColor: c.line,
        textColor: c.text,
        edgeLabelBackground: c.ground,
      },
    };
  }

  async function draw() {
    const theme = document.documentElement.dataset.theme === "dark" ? "dark" : "light";
    const diagrams = [...document.querySelectorAll("pre.mermaid")];
    for (const pre of diagrams) {
      pre.dataset.source ??= pre.textContent;
      pre.textContent = pre.dataset.source;
      pre.removeAttribute("data-processed");
    }
    window.mermaid.initialize(settings(theme));
    await window.mermaid.run({ nodes: diagrams });
    for (const svg of document.querySelectorAll("pre.mermaid svg")) {
      svg.setAttribute("role", svg.querySelector("a") ? "group" : "img"); // an image would hide its links
      svg.setAttribute("aria-label", svg.closest(".mermaid-box").getAttribute("aria-label"));
      const width = svg.viewBox.baseVal.width; // shrink a little to fit, then scroll: never unreadably small
      svg.style.width = `${width}px`;
      svg.style.minWidth = `${0.6 * width}px`;
    }
  }

  function start() {
    if (!document.querySelector("pre.mermaid") || !window.mermaid) return;
    let drawing = draw();
    let seen = document.documentElement.dataset.theme;
    new MutationObserver(() => {
      if (document.documentElement.dataset.theme === seen) return;
      seen = document.documentElement.dataset.theme;
      drawing = drawing.then(draw);
    }).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  document.addEventListener("DOMContentLoaded", start);
})();
