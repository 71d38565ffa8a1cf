// A blog whose posts show lenses: each post's traces lie beside it and are copied with it.
export default function (eleventyConfig) {
  eleventyConfig.addPassthroughCopy('posts/*.trace.json');
  // Where embed.js comes from: your own server of Residscope's.
  eleventyConfig.addGlobalData('residscope', process.env.RESIDSCOPE_HOST ?? 'http://localhost:8787');
}
