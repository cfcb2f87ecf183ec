export default {
  base: "./",
  // In development vite would bundle the package away from its WebAssembly.
  optimizeDeps: { exclude: ["clickleaf"] },
};
