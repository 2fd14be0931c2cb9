import { useState } from 'preact/hooks'

interface Pictured {
  product_id: string
  name: string
  image_url: string
}

/** A product's picture, or a tile with its initials. The name stands beside it, so it has no text of its own. */
export function Picture({ product, isFirst, size }: { product: Pictured; isFirst?: boolean; size: number }) {
  const [isBroken, setBroken] = useState(false)
  if (!product.image_url || isBroken) return <Tile product={product} />
  return (
    <img
      class="picture"
      src={product.image_url}
      alt=""
      width={size}
      height={size}
      loading={isFirst ? 'eager' : 'lazy'}
      decoding="async"
      referrerpolicy="no-referrer"
      onError={() => setBroken(true)}
    />
  )
}

const HUES = 6

function Tile({ product }: { product: Pictured }) {
  return (
    <svg class={`picture tile hue-${hash(product.product_id) % HUES}`} viewBox="0 0 100 100" aria-hidden="true">
      <circle cx="50" cy="50" r="30" class="tile-disc" />
      <text x="50" y="51" text-anchor="middle" dominant-baseline="central" font-size="24">
        {initials(product.name)}
      </text>
    </svg>
  )
}

/** The first characters of the first two words. */
function initials(name: string): string {
  const words = name.split(/[\s,]+/u).filter(Boolean)
  return words
    .slice(0, 2)
    .map((word) => firstCharacter(word))
    .join('')
}

function firstCharacter(word: string): string {
  if (!('Segmenter' in Intl)) return [...word][0] ?? ''
  const [first] = new Intl.Segmenter().segment(word)
  return first?.segment.toLocaleUpperCase() ?? ''
}

function hash(text: string): number {
  let sum = 0
  for (const character of text) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0
  return sum
}
