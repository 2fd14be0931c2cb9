// Draws the pictures of the demo catalogue's products, one SVG each, into public/images. They are drawn at build and not
// committed: this file is their one source, and a product without a drawing fails the build.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

const CATALOGUE = resolve(import.meta.dirname, '../../infra/local/demo-catalogue.csv')
const IMAGES = resolve(import.meta.dirname, '../public/images')

// Colours: each material has a face, a shade and a light.
const brass = ['#c99a4b', '#a37630', '#e6c886']
const iron = ['#45484c', '#2e3134', '#6a6e73']
const green = ['#356350', '#264a3b', '#57896f']
const cream = ['#f6efdf', '#e0d6bf', '#fffaf0']
const oak = ['#c89f70', '#a87f51', '#dfbf97']
const beech = ['#dcb98a', '#c09a68', '#ecd3b0']
const walnut = ['#75523a', '#563a27', '#94704f']
const red = ['#b7452f', '#8f3222', '#d46b54']
const blue = ['#4a688c', '#34506f', '#7390b3']
const clay = ['#c8754d', '#a65a36', '#de976f']
const steel = ['#b4bbc1', '#8b949b', '#dde2e6']
const heather = ['#9483a3', '#776788', '#b3a5bf']
const ink = '#2b2f3a'

// Shapes.
const rect = (x, y, w, h, fill, rx = 0) => `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="${rx}" fill="${fill}"/>`
const circle = (x, y, r, fill) => `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}"/>`
const oval = (x, y, rx, ry, fill) => `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" fill="${fill}"/>`
const path = (d, fill) => `<path d="${d}" fill="${fill}"/>`
const line = (d, stroke, width) =>
  `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`
const ring = (x, y, r, stroke, width) => `<circle cx="${x}" cy="${y}" r="${r}" fill="none" stroke="${stroke}" stroke-width="${width}"/>`
const at = (x, y, turn, ...shapes) => `<g transform="translate(${x} ${y}) rotate(${turn})">${shapes.join('')}</g>`
const shadow = (x, y, rx) => `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${Math.max(6, rx * 0.09)}" fill="#000" opacity=".13"/>`
const times = (n, shapeOf) => Array.from({ length: n }, (_, i) => shapeOf(i)).join('')

// Grounds, by the part of the house.
const room = { house: '#efe6d6', kitchen: '#e7e9dd', desk: '#e5e7ea', garden: '#e2eadb' }

const drawings = {
  'brass-desk-lamp': ['house', shadow(190, 342, 95),
    path('M210 120 L330 250 L150 342 Z', '#fff3c9'), oval(160, 336, 62, 13, brass[1]), oval(160, 330, 62, 13, brass[0]),
    line('M160 326 L130 205 L214 118', brass[1], 10), circle(130, 205, 9, brass[2]),
    path('M190 95 L236 78 L300 150 Q262 196 214 190 Z', brass[0]), path('M190 95 L236 78 L254 98 L204 128 Z', brass[1]), path('M300 150 Q262 196 214 190 Q236 150 300 150', brass[2]),
    circle(214, 92, 11, brass[1])],
  'enamel-lamp-green': ['house', line('M200 0 V120', iron[0], 4), rect(178, 0, 44, 14, iron[0], 5), rect(186, 112, 28, 34, brass[0], 4),
    path('M110 236 L290 236 L350 400 H50 Z', '#fff6d6'), path('M186 142 H214 Q232 190 306 226 V238 H94 V226 Q168 190 186 142Z', green[0]),
    path('M186 142 H198 Q190 196 120 238 H94 V226 Q168 190 186 142Z', green[2]), oval(200, 238, 106, 15, cream[2]), circle(200, 240, 22, '#ffe9a8')],
  'bedside-lamp-beech': ['house', shadow(200, 344, 70), path('M138 92 H262 L292 222 H108 Z', cream[0]), path('M138 92 H176 L152 222 H108 Z', cream[2]), path('M236 92 H262 L292 222 H252 Z', cream[1]),
    rect(192, 222, 16, 24, brass[1]), path('M178 246 H222 Q240 280 226 304 Q252 316 252 338 H148 Q148 316 174 304 Q160 280 178 246Z', beech[0]), path('M206 246 H222 Q240 280 226 304 Q252 316 252 338 H222 Q222 316 206 304 Q218 280 206 246Z', beech[1]), rect(176, 318, 14, 8, iron[0], 3)],
  'beeswax-candles-6': ['house', shadow(200, 330, 120),
    times(6, (i) => rect(96 + i * 36, 110 + (i % 2) * 8, 24, 180, '#e3b64f', 8) + rect(96 + i * 36, 110 + (i % 2) * 8, 9, 180, '#f0cf7d', 5) + line(`M${108 + i * 36} ${110 + (i % 2) * 8} q4 -10 0 -22`, '#6d5a35', 3)),
    path('M78 220 H322 V326 H78 Z', '#c9a97a'), path('M78 220 H322 V238 H78 Z', '#b08f60'), rect(134, 258, 132, 44, cream[0], 3), line('M152 274 H248 M166 288 H234', walnut[2], 3)],
  'wool-blanket-heather': ['house', shadow(200, 318, 132), rect(72, 232, 256, 80, heather[0], 30), rect(72, 172, 256, 76, heather[2], 30), rect(72, 118, 256, 70, heather[0], 30),
    rect(72, 140, 256, 8, cream[1]), rect(72, 158, 256, 4, cream[1]), rect(72, 200, 256, 8, heather[1]), rect(72, 260, 256, 8, cream[1]), rect(72, 280, 256, 4, cream[1]),
    times(18, (i) => line(`M${84 + i * 14} 306 v${20 + (i % 3) * 4}`, i % 2 ? heather[1] : heather[2], 5))],
  'cushion-cover-ticking': ['house', shadow(200, 326, 118), path('M84 96 Q200 116 316 96 Q298 206 316 318 Q200 300 84 318 Q102 206 84 96Z', cream[1]), path('M92 104 Q200 122 308 104 Q292 206 308 310 Q200 294 92 310 Q108 206 92 104Z', cream[0]),
    times(9, (i) => line(`M${112 + i * 22} ${106 - Math.abs(4 - i) * 1} Q${114 + i * 21.6} 206 ${112 + i * 22} ${306 + Math.abs(4 - i) * 1}`, blue[0], i % 3 === 1 ? 7 : 3)),
    times(3, (i) => circle(262, 156 + i * 50, 9, '#f3ece2') + ring(262, 156 + i * 50, 9, '#b9ad9b', 2) + circle(259, 156 + i * 50, 1.5, '#8f8473') + circle(265, 156 + i * 50, 1.5, '#8f8473'))],
  'coat-hooks-oak': ['house', rect(48, 156, 304, 62, oak[0], 8), rect(48, 204, 304, 14, oak[1], 7), line('M70 172 H180 M210 182 H320 M90 192 H150', oak[1], 2),
    times(5, (i) => rect(76 + i * 58, 168, 16, 40, iron[0], 6) + circle(84 + i * 58, 176, 3, iron[2]) + line(`M${84 + i * 58} 200 V262 q0 18 16 18 q14 0 14 -16`, iron[0], 9) + circle(114 + i * 58, 262, 7, iron[0]))],
  'doormat-coir': ['house', path('M92 140 H308 L352 296 H48 Z', '#b98b4e'), path('M48 296 H352 V310 H48 Z', '#7c5a2e'), path('M106 152 H294 L328 282 H72 Z', '#c79b5f'),
    times(60, (i) => { const y = 160 + Math.floor(i / 10) * 20; const w = 92 + (y - 160) * 0.28; const x = 200 - w + (i % 10) * (w / 4.6) + ((i * 7) % 9); return line(`M${x.toFixed(0)} ${y} l${(i % 3) * 3 - 3} 9`, i % 2 ? '#a87a3f' : '#dcb67e', 3) })],
  'wall-clock-station': ['house', circle(206, 208, 128, '#00000018'), circle(200, 200, 128, iron[0]), circle(200, 200, 114, cream[2]),
    times(60, (i) => at(200, 200, i * 6, rect(i % 5 ? -1.5 : -4, -106, i % 5 ? 3 : 8, i % 5 ? 10 : 24, ink, 1))),
    at(200, 200, 305, rect(-6, -66, 12, 80, ink, 4)), at(200, 200, 52, rect(-4, -98, 8, 116, ink, 4)), at(200, 200, 180, rect(-1.500, -88, 3, 110, red[0], 1), circle(0, -70, 8, red[0])), circle(200, 200, 8, red[0]), path('M112 146 A104 104 0 0 1 186 97 Q142 118 112 146', '#ffffff90')],
  'enamel-mug-cream': ['kitchen', shadow(190, 322, 92), ring(276, 216, 44, cream[1], 18), ring(276, 216, 44, cream[0], 12), path('M106 118 H274 V300 Q274 320 254 320 H126 Q106 320 106 300 Z', cream[0]), path('M222 118 H274 V300 Q274 320 254 320 H222 Z', cream[1]), path('M118 118 H140 V310 Q118 312 118 296Z', cream[2]),
    oval(190, 118, 84, 20, blue[1]), oval(190, 118, 76, 15, '#cfc6b2'), line('M106 120 Q110 138 190 138 Q270 138 274 120', blue[0], 6)],
  'linen-tea-towel': ['kitchen', line('M200 60 q-14 16 0 30', cream[1], 6), circle(200, 58, 8, brass[0]), path('M128 88 Q200 76 272 88 L282 330 Q200 346 118 330 Z', '#efe7d3'), path('M236 84 L272 88 L282 330 Q262 336 240 338 Z', '#dcd2b9'), path('M168 82 L182 81 L176 341 L160 339 Z', '#e3dac2'),
    line('M120 296 Q200 310 281 296', red[0], 9), line('M120 312 Q200 326 281 312', red[0], 4), line('M126 112 Q200 100 274 112', red[0], 9), line('M126 126 Q200 114 274 126', red[0], 4)],
  'bread-knife-beech': ['kitchen', at(200, 206, -28, shadow(10, 52, 160), path('M-36 -24 H158 Q184 -20 190 4 Q186 20 170 22 L-36 22 Z', steel[0]), path('M-36 -24 H158 Q180 -20 188 -4 L-36 -4 Z', steel[2]), times(13, (i) => path(`M${-36 + i * 16} 21 q8 14 16 0 Z`, steel[0])),
    rect(-174, -24, 140, 46, beech[0], 14), rect(-174, 4, 140, 18, beech[1], 9), times(3, (i) => circle(-146 + i * 42, 0, 6, brass[1]) + circle(-147 + i * 42, -1, 3, brass[2])), rect(-42, -26, 12, 50, steel[1], 3))],
  'cast-iron-skillet-24': ['kitchen', at(186, 222, 0, oval(6, 12, 126, 120, '#00000020')), at(186, 216, -45, rect(110, -20, 120, 40, iron[0], 16), rect(116, -6, 100, 10, iron[2], 5), circle(210, 0, 9, room.kitchen)), circle(186, 216, 122, iron[1]), circle(186, 216, 116, iron[0]), circle(186, 216, 98, iron[1]), path('M104 180 A90 90 0 0 1 196 126 A104 104 0 0 0 104 180', '#ffffff28'),
    path('M146 216 q-10 -42 34 -46 q20 -14 40 8 q34 8 22 44 q2 34 -38 34 q-48 14 -58 -40Z', '#fffdf6'), circle(196, 216, 25, '#f0b23a'), oval(190, 208, 8, 5, '#f8d483')],
  'stoneware-butter-dish': ['kitchen', shadow(200, 302, 140), path('M70 262 H330 L312 298 Q308 304 298 304 H102 Q92 304 88 298 Z', '#8f7d68'), path('M62 250 H338 V264 H62 Z', '#a8947c'), path('M100 250 V190 Q100 164 130 164 H270 Q300 164 300 190 V250 Z', '#b9a68e'), path('M252 164 H270 Q300 164 300 190 V250 H258 Z', '#9c8870'), path('M112 236 V194 Q112 176 132 176 H150 V236 Z', '#cdbda8'), rect(176, 142, 48, 24, '#a8947c', 10),
    times(26, (i) => circle(108 + ((i * 53) % 186), 176 + ((i * 37) % 68), 1.6, '#6f5e4b'))],
  'mixing-bowl-29': ['kitchen', shadow(200, 320, 104), path('M62 148 H338 Q330 250 262 304 H138 Q70 250 62 148Z', '#c79a5b'), path('M262 148 H338 Q330 250 262 304 H220 Q268 240 262 148Z', '#ab7f43'),
    times(4, (i) => line(`M${74 + i * 12} ${196 + i * 24} Q200 ${214 + i * 24} ${326 - i * 12} ${196 + i * 24}`, '#b0864a', 4)), times(9, (i) => path(`M${92 + i * 25} 190 l12 -16 l12 16 l-12 16Z`, '#dcb67c')), oval(200, 146, 140, 30, '#d9b177'), oval(200, 146, 128, 23, cream[0]), path('M84 152 Q200 186 316 152 Q300 168 200 169 Q100 168 84 152', cream[1]), rect(138, 300, 124, 12, '#ab7f43', 5)],
  'pepper-mill-walnut': ['kitchen', shadow(200, 342, 66), circle(200, 74, 16, steel[0]), circle(195, 69, 5, steel[2]), path('M162 130 Q158 88 200 86 Q242 88 238 130 Q226 146 228 152 H172 Q174 146 162 130Z', walnut[0]), path('M216 90 Q242 96 238 130 Q226 146 228 152 H206Z', walnut[1]), rect(170, 152, 60, 8, steel[1]),
    path('M172 160 H228 Q222 196 214 214 Q246 250 244 326 Q244 338 230 338 H170 Q156 338 156 326 Q154 250 186 214 Q178 196 172 160Z', walnut[0]), path('M208 160 H228 Q222 196 214 214 Q246 250 244 326 Q244 338 230 338 H212 Q216 260 204 214 Q212 190 208 160Z', walnut[1]), path('M172 322 Q166 268 190 232 Q178 276 184 322Z', walnut[2]), circle(132, 336, 5, ink), circle(268, 340, 4, ink), circle(284, 330, 5, ink)],
  'preserving-jars-4': ['kitchen', shadow(200, 328, 150), times(4, (i) => { const x = 62 + i * 72; const fill = ['#b5402f', '#e2a23b', '#7d8f3f', '#7a3b5e'][i]; return rect(x, 170, 62, 154, '#f2f6f4', 14) + rect(x + 5, 196, 52, 122, fill, 10) + rect(x + 9, 202, 9, 108, '#ffffff55', 4) + times(5, (k) => circle(x + 20 + ((k * 17) % 30), 216 + k * 20, 8, '#ffffff2c')) + rect(x + 2, 160, 58, 10, '#cf6a4b', 4) + path(`M${x + 4} 160 Q${x + 31} 128 ${x + 58} 160Z`, '#dfe8e6') + line(`M${x + 2} 182 L${x + 10} 140 H${x + 52} L${x + 60} 182`, steel[1], 3) })],
  'preserving-rings-10': ['kitchen', times(5, (i) => { const [x, y] = [[150, 160], [246, 150], [196, 232], [116, 262], [280, 250]][i]; return ring(x + 4, y + 6, 56, '#00000018', 16) + ring(x, y, 56, red[0], 16) + ring(x, y, 61, red[2], 3) + path(`M${x + 48} ${y - 42} l26 -18 l10 14 l-26 20Z`, red[0]) })],
  'cherry-stoner': ['kitchen', shadow(200, 340, 90), line('M240 330 Q296 230 226 126', steel[1], 18), line('M240 330 Q296 230 226 126', steel[0], 11), line('M160 330 Q104 230 190 146', steel[1], 18), line('M160 330 Q104 230 190 146', steel[0], 11), circle(200, 128, 30, steel[0]), circle(200, 128, 20, steel[1]), circle(200, 128, 15, red[1]), rect(194, 60, 12, 60, steel[1], 4), times(5, (i) => line(`M188 ${70 + i * 9} h24`, steel[2], 4)), rect(184, 52, 32, 12, steel[0], 5),
    line('M292 92 q-18 26 -12 58 M292 92 q18 26 22 52', green[1], 4), path('M292 92 q26 -22 44 2 q-24 14 -44 -2Z', green[2]), circle(280, 166, 20, red[0]), circle(314, 160, 20, red[1]), circle(274, 160, 5, '#ffffff88')],
  'tea-caddy-tin': ['kitchen', shadow(200, 334, 92), rect(116, 138, 168, 192, red[0], 10), rect(232, 138, 52, 192, red[1], 10), rect(128, 150, 12, 168, red[2], 6), rect(110, 104, 180, 42, red[1], 8), rect(110, 104, 180, 12, red[2], 6), rect(184, 84, 32, 20, brass[0], 8), rect(152, 190, 96, 84, cream[0], 6), line('M200 250 q-32 -18 -4 -46 q32 16 4 46 M200 250 q4 -26 -2 -36', green[0], 4), line('M170 262 H230', walnut[2], 3)],
  'fountain-pen-starter': ['desk', at(200, 208, -38, shadow(0, 40, 150), rect(-30, -24, 170, 46, blue[1], 22), rect(-30, -24, 170, 16, blue[2], 8), path('M-30 -20 L-92 -12 V10 L-30 18Z', ink), rect(-36, -24, 12, 46, brass[0], 2), path('M-92 -12 Q-130 -12 -168 -1 Q-130 10 -92 10Z', steel[0]), line('M-168 -1 H-112', ink, 2), circle(-110, -1, 4, ink), rect(40, -30, 92, 9, brass[0], 4), circle(132, -26, 6, brass[1])), line('M66 330 q30 -20 48 0 q20 18 44 -4 q20 -14 40 2', blue[1], 5)],
  'ink-blue-black-50ml': ['desk', shadow(200, 330, 104), rect(104, 176, 192, 150, '#dbe3ea', 22), path('M116 214 H284 V304 Q284 316 272 316 H128 Q116 316 116 304Z', '#24344d'), rect(126, 192, 14, 116, '#ffffff66', 7), rect(158, 148, 84, 30, '#c6d0d8', 6), rect(146, 92, 108, 60, ink, 10), times(9, (i) => line(`M${156 + i * 11} 98 V146`, '#444a58', 3)), rect(146, 226, 108, 62, cream[0], 4), line('M162 244 H238 M162 258 H220', blue[1], 4), circle(232, 272, 7, '#24344d')],
  'notebook-a5-dotted': ['desk', at(200, 204, -8, rect(-92, -122, 196, 256, '#00000018', 8), rect(-98, -128, 196, 256, '#8b8f94', 8), rect(-98, -128, 30, 256, '#74787d', 8), rect(92, -122, 8, 244, cream[0]), rect(-40, -70, 108, 52, cream[0], 3), line('M-26 -52 H54 M-26 -36 H30', '#8b8f94', 4), line('M-20 128 V162 l-8 8', red[0], 6), line('M4 128 V154 l8 8', brass[0], 6))],
  'letter-paper-25': ['desk', at(206, 214, 6, rect(-110, -132, 200, 250, '#00000014', 3), rect(-116, -138, 200, 250, cream[2], 3), line('M-88 -100 H40 M-88 -76 H52 M-88 -52 H28 M-88 -28 H48', '#bdb29c', 4)), at(206, 254, -6, rect(-118, -60, 244, 146, '#00000014', 4), rect(-124, -66, 244, 146, cream[0], 4), path('M-124 -66 L-2 24 L120 -66Z', cream[1]), path('M-124 -66 L-2 14 L120 -66Z', '#efe6d2'), circle(-2, 16, 20, red[0]), circle(-2, 16, 13, red[1]), path('M-8 22 L-2 6 L4 22Z', red[2]))],
  'pencils-hb-12': ['desk', shadow(200, 334, 116), times(7, (i) => { const x = 112 + i * 26; const y = 88 + ((i * 29) % 34); return path(`M${x} ${y + 34} L${x + 12} ${y} L${x + 24} ${y + 34}Z`, beech[2]) + path(`M${x + 8} ${y + 11} L${x + 12} ${y} L${x + 16} ${y + 11}Z`, ink) + rect(x, y + 34, 24, 160, oak[0]) + rect(x, y + 34, 8, 160, oak[2]) + rect(x + 17, y + 34, 7, 160, oak[1]) }), rect(92, 220, 216, 110, '#5d7263', 6), rect(92, 220, 216, 16, '#4a5c4f', 6), rect(140, 258, 120, 44, cream[0], 3), line('M158 274 H242 M170 288 H230', '#5d7263', 4)],
  'brass-sharpener': ['desk', shadow(196, 296, 118), path('M92 196 L250 160 L306 196 V262 L150 300 L92 256 Z', brass[0]), path('M92 196 L250 160 L306 196 L150 234 Z', brass[2]), path('M150 234 L306 196 V262 L150 300Z', brass[1]), path('M128 196 L246 170 L276 190 L158 218Z', steel[0]), path('M128 196 L246 170 L252 174 L136 201Z', steel[2]), circle(200, 193, 9, brass[1]), line('M194 195 l12 -4', iron[1], 3), oval(112, 236, 9, 14, ink), oval(134, 254, 7, 11, ink), line('M306 300 q20 -26 44 -8 q-14 24 -40 20', oak[2], 9), line('M306 300 q20 -26 44 -8 q-14 24 -40 20', red[2], 2)],
  'desk-calendar-perpetual': ['desk', shadow(200, 322, 136), path('M70 282 H330 L342 318 H58Z', beech[1]), rect(70, 264, 260, 22, beech[0], 4), rect(88, 148, 104, 118, beech[2], 8), rect(208, 148, 104, 118, beech[0], 8), rect(176, 148, 16, 118, beech[0], 6), rect(296, 148, 16, 118, beech[1], 6),
    line('M120 180 H158 L132 240', walnut[1], 14), line('M236 188 q20 -20 36 0 q6 16 -12 22 q24 4 18 22 q-16 22 -42 4', walnut[1], 13), rect(116, 98, 168, 38, cream[0], 3), line('M140 117 H196 M208 117 H260', red[0], 7)],
  'parcel-twine-100m': ['desk', shadow(200, 330, 112), rect(112, 92, 176, 30, oak[1], 10), rect(112, 294, 176, 32, oak[1], 10), rect(130, 116, 140, 186, '#c9a36a', 22), times(12, (i) => line(`M132 ${130 + i * 14} Q200 ${142 + i * 14} 268 ${126 + i * 14}`, i % 2 ? '#b08a52' : '#dfc08d', 6)), line('M262 288 q70 0 62 40 q-20 24 -60 14 q-40 -6 -70 8', '#b08a52', 6), oval(200, 94, 24, 7, oak[0])],
  'watering-can-5l': ['garden', shadow(206, 332, 124), line('M150 176 Q160 74 262 120 Q306 146 292 250', steel[1], 12), path('M128 250 L40 128 L58 116 L152 214Z', steel[0]), path('M128 250 L46 136 L52 130 L140 230Z', steel[2]), path('M22 136 L66 102 L58 92 Q36 96 18 122Z', brass[0]), path('M138 172 H282 L298 326 H122Z', steel[0]), path('M244 172 H282 L298 326 H250Z', steel[1]), path('M148 182 H166 L154 316 H136Z', steel[2]), oval(210, 172, 72, 14, steel[1]), line('M132 232 H288 M126 296 H294', steel[1], 4), times(5, (i) => circle(24 + i * 4, 166 + i * 16, 4, '#8fb3cf'))],
  'hand-trowel-ash': ['garden', at(200, 210, 40, rect(-16, -168, 32, 138, beech[0], 14), rect(2, -168, 14, 138, beech[1], 7), line('M0 -160 q-26 -26 0 -34 q26 8 0 34', walnut[0], 5), rect(-12, -36, 24, 22, steel[1], 3), line('M0 -20 V22', steel[1], 12), path('M-44 20 Q0 4 44 20 Q52 104 0 172 Q-52 104 -44 20Z', steel[0]), path('M0 12 Q26 12 44 20 Q52 104 0 172Z', steel[1]), times(5, (i) => line(`M-10 ${56 + i * 18} H10`, iron[0], 3)), line('M0 34 V150', steel[2], 3)), path('M262 356 q40 -34 92 -8 q10 10 -2 16 H262Z', '#6f5540')],
  'secateurs-bypass': ['garden', at(200, 200, 30, shadow(4, 150, 90), line('M-6 6 Q-64 60 -40 160', red[1], 28), line('M-6 6 Q-64 60 -40 160', red[0], 20), line('M6 6 Q64 60 40 160', red[1], 28), line('M6 6 Q64 60 40 160', red[0], 20), path('M-14 14 Q-46 -60 -2 -146 Q26 -80 22 8Z', steel[0]), path('M-2 -146 Q26 -80 22 8 L6 10 Q14 -70 -2 -146Z', steel[2]), path('M14 14 Q54 -20 40 -104 Q66 -44 40 22Z', iron[0]), circle(2, 8, 16, iron[1]), circle(2, 8, 7, steel[1]), times(4, (i) => line(`M-14 ${48 + i * 11} L14 ${54 + i * 11}`, steel[1], 4)))],
  'seed-tin': ['garden', shadow(200, 316, 132), times(6, (i) => rect(96 + i * 34, 116 + (i % 2) * 16, 38, 90, ['#e9c46a', '#8fae7d', '#d98c6a', '#9fb7cc', '#e4d3a5', '#b58aa5'][i], 3) + circle(115 + i * 34, 142 + (i % 2) * 16, 9, ['#b7452f', '#f6efdf', '#356350', '#fffaf0', '#c8754d', '#e9c46a'][i]) + line(`M${106 + i * 34} ${162 + (i % 2) * 16} h18`, '#00000040', 3)), rect(72, 186, 256, 126, green[0], 8), rect(284, 186, 44, 126, green[1], 8), rect(66, 178, 268, 18, green[2], 6), rect(150, 224, 100, 46, brass[0], 4), rect(156, 230, 88, 34, cream[0], 2), line('M170 247 H230', walnut[2], 4), rect(188, 296, 24, 16, brass[1], 3)],
  'terracotta-pots-5': ['garden', shadow(200, 334, 150), ...[[60, 214, 1], [250, 214, 1], [154, 206, 1.05], [104, 110, 0.92], [206, 110, 0.92]].toSorted((a, b) => a[1] - b[1]).map(([x, y, s]) => `<g transform="translate(${x} ${y}) scale(${s})">${path('M6 26 H86 L74 118 Q73 122 68 122 H24 Q19 122 18 118Z', clay[0])}${path('M60 26 H86 L74 118 Q73 122 68 122 H54Z', clay[1])}${rect(0, 0, 92, 30, clay[2], 5)}${rect(62, 0, 30, 30, clay[0], 5)}${line('M14 42 L22 100', '#e6ab86', 5)}</g>`)],
  'bird-feeder-steel': ['garden', line('M200 0 V62', walnut[0], 4), path('M144 104 Q200 40 256 104Z', green[0]), path('M214 62 Q246 76 256 104 H220Z', green[1]), rect(152, 104, 96, 196, '#d9b27a', 8), times(28, (i) => oval(166 + (i % 4) * 23 + (Math.floor(i / 4) % 2) * 5, 122 + Math.floor(i / 4) * 26, 8, 11, i % 3 ? '#b98748' : '#c99a5b')), times(6, (i) => line(`M${152 + i * 19.2} 104 V300`, steel[1], 3)), times(10, (i) => line(`M152 ${114 + i * 20} H248`, steel[1], 3)), rect(142, 296, 116, 18, green[0], 6), line('M196 314 V330', green[1], 8), line('M250 250 H306', walnut[0], 6),
    path('M270 214 q30 -24 54 2 l24 -6 l-16 18 q-8 24 -40 22 q-26 -2 -22 -36Z', '#6f93b5'), path('M280 244 q20 8 40 -6 q-6 14 -24 14Z', '#f0d27a'), circle(286, 216, 3, ink), path('M268 216 l-12 4 l13 5Z', ink)],
  'garden-journal': ['garden', at(200, 206, 7, rect(-98, -124, 208, 264, '#00000018', 8), rect(-104, -130, 208, 264, green[0], 8), rect(-104, -130, 28, 264, green[1], 8), rect(98, -124, 8, 250, cream[0]), rect(-56, -98, 138, 176, cream[0], 4), line('M12 60 V-30', green[0], 6), path('M12 0 q-52 -4 -52 -52 q50 4 52 52Z', green[2]), path('M12 -24 q50 -6 50 -56 q-50 6 -50 56Z', green[0]), path('M12 34 q40 -4 42 -40 q-40 4 -42 40Z', green[2]), line('M-36 64 H62', brass[0], 4), line('M30 134 V164 l9 9', red[0], 7))],
}

function draw([ground, ...shapes]) {
  const light = '<circle cx="120" cy="90" r="240" fill="#fff" opacity=".22"/>'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400">${rect(0, 0, 400, 400, room[ground])}${light}${shapes.join('')}</svg>\n`
}

const ids = readFileSync(CATALOGUE, 'utf8')
  .split(/\r?\n/)
  .slice(1)
  .flatMap((row) => row.match(/^[A-Za-z0-9._-]+(?=,)/) ?? [])
const missing = ids.filter((id) => !(id in drawings))
if (missing.length > 0) throw new Error(`no drawing of ${missing.join(', ')}`)
mkdirSync(IMAGES, { recursive: true })
for (const id of ids) writeFileSync(resolve(IMAGES, `${id}.svg`), draw(drawings[id]))
console.log(`${ids.length} pictures drawn`)
