/** Files that the page hands to the reader, and pictures turned into pixels. */

/** Device pixels to a CSS pixel, and the most that a browser draws on one side. */
const SHARPNESS = 2;
const MOST_PIXELS = 16_000;

/** Saves a file where the browser puts downloads. */
export function download(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** @throws {Error} when the browser can't draw a picture that large. */
export async function pngOf(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image;
  const scale = Math.min(SHARPNESS, MOST_PIXELS / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!blob) throw new Error('This browser can’t draw a picture that large: take the SVG.');
  return blob;
}

/** A short stem for file names, of the model and the prompt: `fable-4m-the-eiffel-tower`. */
export function stemOf(model: string, prompt: string): string {
  const words = `${model.split('/').at(-1) ?? ''} ${prompt}`.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.join('-').slice(0, 48).replace(/-$/, '') || 'residscope';
}
