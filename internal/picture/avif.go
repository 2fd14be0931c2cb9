package picture

import (
	"encoding/binary"
	"image"
	"slices"
)

// box is one of an ISO base media file (ISO/IEC 14496-12, section 4.2), in which AVIF is kept:
// https://aomediacodec.github.io/av1-avif/
type box struct {
	kind    string
	content []byte
}

// avifBoxes are the boxes of the file's uppermost level.
var avifBoxes = []string{"ftyp", "meta", "mdat", "moov", "free", "skip"}

// readAVIF returns the largest width and height that the file names for any of its images and tracks, and whether its
// boxes are an AVIF's, and fill it.
func readAVIF(b []byte) (size image.Point, whole bool) {
	boxes, whole := readBoxes(b)
	if !whole || boxes[0].kind != "ftyp" || !isAVIF(boxes[0].content) {
		return size, false
	}
	counts := map[string]int{}
	for _, top := range boxes {
		counts[top.kind]++
		if !slices.Contains(avifBoxes, top.kind) {
			return size, false
		}
		switch top.kind {
		case "meta":
			size, whole = larger(size, whole, top.content, extents)
		case "moov":
			size, whole = larger(size, whole, top.content, trackExtents)
		}
	}
	return size, whole && counts["ftyp"] == 1 && counts["meta"] == 1 && counts["mdat"] > 0
}

// larger adds the size that find reads in a box, and whether it does.
func larger(
	size image.Point, whole bool, content []byte, find func([]byte) (image.Point, bool),
) (image.Point, bool) {
	other, found := find(content)
	return image.Pt(max(size.X, other.X), max(size.Y, other.Y)), whole && found
}

// isAVIF reads the brands: the major one, a version, and those that the file is compatible with.
func isAVIF(ftyp []byte) bool {
	if len(ftyp) < 8 || len(ftyp)%4 != 0 {
		return false
	}
	for i := 0; i < len(ftyp); i += 4 {
		if brand := string(ftyp[i : i+4]); i != 4 && (brand == "avif" || brand == "avis") {
			return true
		}
	}
	return false
}

// extents finds the sizes of images, the boxes ispe, in the properties of a box meta. A box meta begins with a version
// and flags, and so does ispe.
func extents(meta []byte) (size image.Point, found bool) {
	if len(meta) < 4 {
		return size, false
	}
	properties := inside(inside(meta[4:], "iprp"), "ipco")
	boxes, _ := readBoxes(properties)
	for _, b := range boxes {
		if b.kind != "ispe" {
			continue
		}
		if len(b.content) != 12 {
			return size, false
		}
		size.X = max(size.X, pixels(b.content[4:]))
		size.Y = max(size.Y, pixels(b.content[8:]))
		found = true
	}
	return size, found
}

// trackExtents finds the sizes of the tracks of a box moov, in which an image that moves has its frames: a box tkhd
// ends with them, in 1/65536 of a pixel (section 8.3.2).
func trackExtents(moov []byte) (size image.Point, found bool) {
	boxes, whole := readBoxes(moov)
	for _, b := range boxes {
		if b.kind != "trak" {
			continue
		}
		head := inside(b.content, "tkhd")
		if len(head) != 84 && len(head) != 96 { // of version 0 or 1
			return size, false
		}
		end := head[len(head)-8:]
		size.X = max(size.X, int(binary.BigEndian.Uint16(end)))
		size.Y = max(size.Y, int(binary.BigEndian.Uint16(end[4:])))
		found = true
	}
	return size, whole && found
}

// pixels reads a width or height. One that no picture has stays above MaxSide where int has 32 bits, too.
func pixels(b []byte) int { return int(min(binary.BigEndian.Uint32(b), MaxSide+1)) }

// inside returns the content of the first box of a kind; nil if there is none.
func inside(b []byte, kind string) []byte {
	boxes, _ := readBoxes(b)
	for _, each := range boxes {
		if each.kind == kind {
			return each.content
		}
	}
	return nil
}

// readBoxes returns the boxes, and whether there is one and they fill b. A size of 0, "to the end of the file", is not
// taken: anything could stand there.
func readBoxes(b []byte) (boxes []box, whole bool) {
	for len(b) > 0 {
		head, size := uint64(8), uint64(0)
		if len(b) < 8 {
			return boxes, false
		}
		if size = uint64(binary.BigEndian.Uint32(b)); size == 1 && len(b) >= 16 {
			head, size = 16, binary.BigEndian.Uint64(b[8:])
		}
		if size < head || size > uint64(len(b)) {
			return boxes, false
		}
		boxes = append(boxes, box{string(b[4:8]), b[head:size]})
		b = b[size:]
	}
	return boxes, len(boxes) > 0
}
