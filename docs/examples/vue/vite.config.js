import vue from '@vitejs/plugin-vue';

// Elements with a dash are the browser's, not components of Vue's.
const isCustomElement = (tag) => tag === 'residscope-lens';

export default { envDir: '..', plugins: [vue({ template: { compilerOptions: { isCustomElement } } })] };
