"use strict";
(() => {
  const source = document.getElementById("figures").textContent;
  const dark = matchMedia("screen and (prefers-color-scheme: dark)");
  const paper = matchMedia("print");
  const narrow = matchMedia("screen and (max-width: 640px)");
  const hasFinePointer = matchMedia("(pointer: fine)").matches;
  const config = { responsive: true, displayModeBar: false, doubleClick: "reset", showTips: false };

  /* Colours in figures are names of CSS variables, so one figure serves both colour schemes. */
  const themedFigures = () => {
    const style = getComputedStyle(document.documentElement);
    const isColour = (key) => key.toLowerCase().endsWith("color");
    return JSON.parse(source, (key, value) =>
      typeof value === "string" && value.startsWith("--") && isColour(key) ? style.getPropertyValue(value).trim() : value);
  };

  const draw = () => {
    for (const [name, figure] of Object.entries(themedFigures())) {
      const layout = figure.layout;
      layout.font.family = getComputedStyle(document.body).fontFamily;
      layout.dragmode = hasFinePointer ? "zoom" : false; /* a finger scrolls the page */
      if (paper.matches) layout.width = document.getElementById(name).clientWidth; /* paper does not tell of its size */
      if (narrow.matches) {
        layout.xaxis.nticks = 5;
        layout.font.size = 11;
      }
      Plotly.react(name, figure.data, layout, config);
    }
  };

  /* Zooming one chart zooms all that share its days. */
  let isFollowing = false;
  const follow = (leader, all) => leader.on("plotly_relayout", (change) => {
    if (isFollowing || !("xaxis.range[0]" in change || "xaxis.range" in change)) return;
    isFollowing = true;
    const range = leader.layout.xaxis.range.slice();
    Promise.all(all.filter((each) => each !== leader).map((each) => Plotly.relayout(each, { "xaxis.range": range.slice() })))
      .finally(() => { isFollowing = false; });
  });

  draw();
  const all = Array.from(document.querySelectorAll(".chart"));
  const dated = all.filter((chart) => chart.layout.xaxis.type === "date");
  dated.forEach((chart) => follow(chart, dated));
  dark.addEventListener("change", draw);
  paper.addEventListener("change", () => {
    draw();
    if (!paper.matches) all.forEach((chart) => Plotly.Plots.resize(chart));
  });
  narrow.addEventListener("change", draw);
})();
