import js from '@eslint/js';

const onlyGlueKnows = ['WebAssembly', 'RTCPeerConnection', 'WebSocket'].map((name) => ({
  name,
  message: 'Only js-glue/ knows wasm and the browser transports.',
}));

/**
 * @param {string[]} group
 * @param {string} message
 */
const noImports = (group, message) => ({
  'no-restricted-imports': ['error', { patterns: [{ group, message }] }],
});

export default [
  { ignores: ['build/', 'dist/', 'types/', '**/*.gen.js', 'js-glue/pre.js'] },
  js.configs.recommended,
  {
    rules: {
      'no-undef': 'off', // tsc knows the globals better
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['web/**', 'demo/**'],
    rules: { 'no-restricted-globals': ['error', ...onlyGlueKnows] },
  },
  {
    files: ['web/**', 'relay/**'],
    rules: noImports(['**/*.gen.js'], 'The generated constants are for js-glue/ alone.'),
  },
  {
    files: ['demo/**'],
    rules: noImports(
      ['**/js-glue/**', '**/dist/**', '**/relay/**', '**/src/**', 'node:*'],
      'A demo uses web/ alone, as a stranger would.',
    ),
  },
  {
    files: ['js-glue/**'],
    rules: noImports(
      ['**/web/**', '**/demo/**', '**/relay/**'],
      'Arrows point down: demo, web, js-glue.',
    ),
  },
];
