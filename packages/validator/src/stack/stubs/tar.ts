/** A tar archive of these files. */
export function tarOf(files: Readonly<Record<string, Buffer | string>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const body = Buffer.from(content);
    const head = Buffer.alloc(512);
    head.write(name, 0, 100);
    head.write("0000644\0", 100);
    head.write(`${body.length.toString(8).padStart(11, "0")}\0`, 124);
    head.write("        ", 148);
    head.write("0", 156);
    head.write("ustar\x0000", 257);
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [head, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** An image as `docker save` writes it: one layer after another, with these settings. */
export function savedImage(
  layers: readonly (Buffer | string)[],
  config: Readonly<Record<string, unknown>> = {},
): Buffer {
  const names = layers.map((_, at) => `layer-${at}/layer.tar`);
  const manifest = [{ Config: "config.json", RepoTags: ["api:1"], Layers: names }];
  return tarOf({
    "config.json": JSON.stringify({ config, history: [{ created_by: "COPY . /app" }] }),
    ...Object.fromEntries(layers.map((layer, at) => [names[at] ?? "", layer])),
    "manifest.json": JSON.stringify(manifest),
  });
}
