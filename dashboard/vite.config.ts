import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  build: { outDir: '../artifacts/dashboard', emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 900 },
  server: { proxy: { '/v1': 'http://localhost:8080' } },
});
