package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"shop/cmd/shop/internal/apiclient"
	"shop/cmd/shop/internal/catalogue"
	"shop/cmd/shop/internal/csvfile"
	"shop/internal/product"
)

// The formats of files to import.
const (
	formatCatalogue    = "catalogue"
	formatOnlineRetail = "online-retail"
)

func formats() []string {
	all := []string{formatCatalogue, formatOnlineRetail}
	for _, export := range catalogue.Exports {
		all = append(all, string(export))
	}
	return all
}

// importCommand is one command line of shop import.
type importCommand struct {
	streams
	target      *target
	file        string
	format      string
	stock       int64
	stockGiven  bool
	refused     string
	strict      bool
	concurrency int
	pictures    string
	email       string
	decimal     string
	table       tableFlags
}

func newImport(s streams, t *target) *cobra.Command {
	i := &importCommand{streams: s, target: t}
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Create and change products as a file says",
		Long: `import creates the products of a file that the store does not have, with their stock, and gives the
others the file's name, price, and what else it gives. What is equal already is not written, so importing
a file twice changes nothing, and an import that was cut short is finished by running it again. The stock
of a product that exists, and what the file does not give, are never touched.

Formats:
  catalogue      a CSV of product_id,name,description,price,currency,stock and, if there, image_url, active,
                 max_per_order, low_stock_threshold and categories (up to 5, with | between), one product a
                 line. The price is decimal (3.39) in the store's currency; an empty stock is 0; where an
                 optional one is empty, the product's stays as it is.
  online-retail  the raw sales file "Online Retail" (UCI Machine Learning Repository) or its second
                 edition, in pounds. Every stock code of goods becomes a product: its most frequent
                 description, its latest positive price, and as stock the units that the file sells. Goods
                 are codes that start with five digits, DCGS…, GIFT_… and PADS.
  shopify        the product export of Shopify, in the columns of before or since 2024. Each variant becomes
                 a product: its SKU, or its handle and options where it has none, is the product_id.
  woocommerce    the product export of WooCommerce, in English. Each simple product and each variation
                 becomes a product, at its regular price: its SKU, or its ID, is the product_id.
  google-merchant  product data of Google Merchant Center, as tab-separated text or CSV. Each line becomes a
                 product, without stock unless --stock gives one.
  Prices of shopify and woocommerce are taken to be in the store's currency. HTML of descriptions becomes
  text; the first image becomes the image. What the store cannot have is refused: gift cards, downloads,
  grouped and external products, what has no price.

Columns may be in any order, their names in any case. The delimiter is recognised by the header: a comma,
a semicolon or a tab. The encoding is what a byte order mark says, else UTF-8, else Windows-1252. Where
fields are not parted by commas, prices may have a decimal comma (64,00); one such as 1,500 or 1.500, which
may be thousands, is refused unless --decimal says what it means. A quoted field may have several lines; where
they look like rows of the file, only the first is refused, and the others are read as rows. Empty rows are
passed over.

With --pictures the folder's file lamp.jpg (or .jpeg, .png, .webp, .avif) becomes the picture of the product
lamp, whatever the file says of its image. It is uploaded unless the store has it. A line whose picture is
none, or larger than 5 MB, is refused; files that name no product of the file are listed at the end.

Lines that break a rule are refused, the rest is imported. Each refused line is written as it was, with its
number and the reason, to FILE's name with .refused.csv added, in the current folder, or to --refused;
cells that a spreadsheet would take for a formula have an apostrophe before them.

Exit code: 0 done; 1 failed, or nothing of the file could be taken, or something was refused under
--strict; 130 interrupted.`,
		Example: `  shop --local import goods.csv
  shop --local import --format online-retail --stock 500 online-retail-sales.csv
  shop --local import --pictures photographs goods.csv
  SHOP_ADMIN_EMAIL=ada@example.com shop --stack shop-production import --strict goods.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			i.file, i.stockGiven = args[0], c.Flags().Changed("stock")
			return i.run(c.Context())
		},
	}
	i.addFlags(c)
	return c
}

func (i *importCommand) addFlags(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&i.format, "format", formatCatalogue, "format of the file: "+strings.Join(formats(), ", "))
	i.table.addFlags(flags)
	flags.StringVar(&i.decimal, "decimal", "",
		"mark before a price's decimals: point or comma (default: by the delimiter)")
	flags.Int64Var(&i.stock, "stock", 0, "stock of every new product, whatever the file says")
	flags.StringVar(&i.refused, "refused", "",
		"file for the refused lines (default: FILE's name with .refused.csv added)")
	flags.BoolVar(&i.strict, "strict", false, "fail when anything was refused")
	flags.IntVar(&i.concurrency, "concurrency", 8, "products in the works at once")
	flags.StringVar(&i.pictures, "pictures", "", "folder of pictures, each named after its product: lamp.jpg of lamp")
	flags.StringVar(&i.email, "email", "", "address of the admin to act as (SHOP_ADMIN_EMAIL)")
}

func (i *importCommand) run(ctx context.Context) error {
	if err := i.checkOptions(); err != nil {
		return err
	}
	file, err := os.Open(i.file)
	if err != nil {
		return err
	}
	defer file.Close()
	session, d, err := logIn(ctx, i.streams, i.target, i.email, i.concurrency)
	if err != nil {
		return err
	}
	source, err := i.source(ctx, file, d)
	if err != nil {
		return fmt.Errorf("reading %s: %w", i.file, err)
	}
	if source.Encoding() == csvfile.Windows1252 && i.table.encoding == "" {
		say(i.err, "%s is not UTF-8; it is read as Windows-1252 (--encoding says otherwise)", i.file)
	}
	pictures, err := i.openPictures(session)
	if err != nil {
		return fmt.Errorf("reading --pictures: %w", err)
	}
	return i.load(ctx, session, source, pictures)
}

// openPictures returns nil where no folder is named.
func (i *importCommand) openPictures(session *apiclient.Session) (*catalogue.Pictures, error) {
	if i.pictures == "" {
		return nil, nil
	}
	return catalogue.OpenPictures(i.pictures, session.UploadPicture)
}

func (i *importCommand) checkOptions() error {
	if _, err := i.table.options(); err != nil {
		return err
	}
	_, knownMark := decimalMarks[i.decimal]
	switch {
	case !knownMark:
		return fmt.Errorf("--decimal %s: there are point and comma", i.decimal)
	case !slices.Contains(formats(), i.format):
		return fmt.Errorf("--format %s: there are %s", i.format, strings.Join(formats(), ", "))
	case i.stock < 0 || i.stock > product.MaxStock:
		return fmt.Errorf("--stock %d: a stock is from 0 to %d", i.stock, product.MaxStock)
	case i.concurrency < 1 || i.concurrency > maxConcurrency:
		return fmt.Errorf("--concurrency %d: from 1 to %d", i.concurrency, maxConcurrency)
	}
	return nil
}

// maxConcurrency is more than one machine can usefully ask of a store.
const maxConcurrency = 1000

func (i *importCommand) source(ctx context.Context, file *os.File, d deployment) (catalogue.Source, error) {
	options, err := i.options(d)
	if err != nil {
		return nil, err
	}
	switch i.format {
	case formatCatalogue:
		return catalogue.NewReader(file, options)
	case formatOnlineRetail:
		return catalogue.Gather(ctx, file, options)
	}
	return catalogue.ReadExport(ctx, file, catalogue.Export(i.format), options)
}

func (i *importCommand) options(d deployment) (catalogue.Options, error) {
	currency, err := d.output("Currency")
	if err != nil {
		return catalogue.Options{}, err
	}
	options := catalogue.Options{Currency: currency, Decimal: decimalMarks[i.decimal]}
	if i.stockGiven {
		options.Stock = &i.stock
	}
	options.File, err = i.table.options()
	return options, err
}

// decimalMarks are the values of --decimal.
var decimalMarks = map[string]catalogue.DecimalMark{
	"": catalogue.Either, "point": catalogue.Point, "comma": catalogue.Comma,
}

// load imports the source and reports, however far it got.
func (i *importCommand) load(
	ctx context.Context, store catalogue.Store, source catalogue.Source, pictures *catalogue.Pictures,
) error {
	if i.refused == "" {
		i.refused = refusedPath(i.file)
	}
	refused, err := newRefusedFile(i.refused, i.file)
	if err != nil {
		return err
	}
	progress := newBar(i.err, "importing")
	importer := &catalogue.Importer{
		Store: store, Concurrency: i.concurrency, Pictures: pictures, Refused: refused.add, Progress: progress.show,
	}
	summary, err := importer.Import(ctx, source)
	progress.done()
	err = errors.Join(err, refused.close())
	i.report(summary)
	if err != nil {
		return explain(err)
	}
	i.tellUnused(pictures)
	return i.verdict(summary)
}

// mostUnused is how many files are named that belong to no product.
const mostUnused = 20

func (i *importCommand) tellUnused(pictures *catalogue.Pictures) {
	if pictures == nil {
		return
	}
	if unused := pictures.Unused(); len(unused) > 0 {
		named := strings.Join(unused[:min(len(unused), mostUnused)], ", ")
		say(i.err, "%d pictures of %s are of no product that was imported: %s", len(unused), i.pictures, named)
	}
}

func (i *importCommand) report(s catalogue.Summary) {
	table := tabwriter.NewWriter(i.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	count(table, s.Imported, "imported")
	count(table, s.Updated, "updated")
	count(table, s.Unchanged, "unchanged")
	count(table, s.RefusedTotal(), "refused")
	for _, reason := range slices.Sorted(maps.Keys(s.Refused)) {
		count(table, s.Refused[reason], "  "+string(reason))
	}
	_ = table.Flush()
	if s.RefusedTotal() > 0 {
		say(i.out, "refused lines are in %s", i.refused)
	}
}

func count(w io.Writer, n int, what string) { _, _ = fmt.Fprintf(w, "%d\t %s\n", n, what) }

func (i *importCommand) verdict(s catalogue.Summary) error {
	if i.strict && s.RefusedTotal() > 0 {
		return fmt.Errorf("%d refused, which --strict does not allow", s.RefusedTotal())
	}
	if s.Taken() == 0 {
		return errors.New("nothing of the file could be taken")
	}
	return nil
}
