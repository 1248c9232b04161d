// Builds the front end into portal/static/dist: hashed names and a manifest that templates read.
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";
import { PurgeCSS } from "purgecss";

const here = path.dirname(fileURLToPath(import.meta.url));
const portal = path.dirname(here);
const out = path.join(portal, "static", "dist");
const watching = process.argv.includes("--watch");

// Tabler has rules for far more than we use: keep what a template, page or script names.
const onlyWhatIsUsed = {
  name: "only-what-is-used",
  setup(build) {
    build.onLoad({ filter: /tabler\.css$/ }, async ({ path: file }) => {
      const [kept] = await new PurgeCSS().purge({
        content: [`${portal}/templates/**/*.html`, `${portal}/pages/**/*.py`, `${here}/scripts/**/*.js`],
        css: [{ raw: await readFile(file, "utf8") }],
        safelist: { standard: ["html", "body", "dialog"], greedy: [/data-bs-theme/] },
        keyframes: true,
      });
      return { contents: kept.css, loader: "css", resolveDir: path.dirname(file) };
    });
  },
};

// The timeline's columns as classes, because the content security policy allows no style attribute.
const columns = {
  name: "columns",
  setup(build) {
    build.onResolve({ filter: /^columns\.css$/ }, () => ({ path: "columns.css", namespace: "columns" }));
    build.onLoad({ filter: /.*/, namespace: "columns" }, () => {
      const rules = Array.from({ length: 225 }, (_, i) => `.c${i}{--c:${i}}.n${i}{--n:${i}}`);
      return { contents: rules.join(""), loader: "css" };
    });
  },
};

const digest = (text) => createHash("sha256").update(text).digest("hex").slice(0, 8).toUpperCase();

async function drawSprite() {
  const folder = path.join(here, "icons");
  const symbols = [];
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".svg")).sort()) {
    const svg = await readFile(path.join(folder, file), "utf8");
    const shapes = svg
      .replace(/<!--[\s\S]*?-->/g, "")
      .replace(/^[\s\S]*?<svg[^>]*>/, "")
      .replace("</svg>", "")
      .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none" ?\/>/, "")
      .replace(/\s+/g, " ");
    symbols.push(
      `<symbol id="${path.basename(file, ".svg")}" viewBox="0 0 24 24" fill="none" stroke="currentColor"` +
        ` stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${shapes.trim()}</symbol>`,
    );
  }
  const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
  const name = `icons-${digest(sprite)}.svg`;
  await writeFile(path.join(out, name), sprite);
  return name;
}

async function writeManifest(result) {
  const manifest = { "icons.svg": await drawSprite() };
  for (const [file, output] of Object.entries(result.metafile.outputs)) {
    if (!output.entryPoint) continue;
    const wanted = path.basename(output.entryPoint);
    manifest[wanted] = path.basename(file);
    if (output.cssBundle) manifest[wanted.replace(/\.js$/, ".css")] = path.basename(output.cssBundle);
  }
  // Pages preload the faces that every page shows first.
  for (const name of await readdir(out)) {
    const face = name.match(/^ibm-plex-sans-(latin|vietnamese)-wght-normal-.*\.woff2$/);
    if (face) manifest[`sans-${face[1]}.woff2`] = name;
  }
  const favicon = await readFile(path.join(here, "favicon.svg"), "utf8");
  manifest["favicon.svg"] = `favicon-${digest(favicon)}.svg`;
  await cp(path.join(here, "favicon.svg"), path.join(out, manifest["favicon.svg"]));
  await writeFile(path.join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

const settings = {
  absWorkingDir: path.dirname(portal),
  entryPoints: ["app.js", "theme.js", "timeline.js", "chart.js", "counter.js", "bank.js", "wall.js"]
    .map((name) => path.join(here, "scripts", name))
    .concat(path.join(here, "styles", "app.css")),
  outdir: out,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  minify: !watching,
  metafile: true,
  format: "iife",
  target: ["chrome123", "firefox121", "safari17.5"],
  loader: { ".woff2": "file", ".woff": "empty" },
  legalComments: "none",
  plugins: [onlyWhatIsUsed, columns],
  logLevel: "warning",
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
if (watching) {
  const rewrite = { name: "manifest", setup: (build) => build.onEnd((result) => result.metafile && writeManifest(result)) };
  const context = await esbuild.context({ ...settings, plugins: [onlyWhatIsUsed, columns, rewrite] });
  await context.watch();
} else {
  const manifest = await writeManifest(await esbuild.build(settings));
  console.log(`portal/static/dist: ${Object.keys(manifest).length} files named in manifest.json`);
}
