package alarms

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// missing is the value of a period without data.
var missing = math.NaN()

// scope is what an expression of metric math may name: values by id, missing where there is no data.
type scope map[string]float64

// evaluate computes an expression of metric math for one period: numbers, ids, + - * /, comparisons, FILL and
// IF. Anything else is an error. A missing operand makes the result missing. On AWS it is 0 beside one that is there,
// so alarms fill in what may be missing alone.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
func evaluate(expression string, in scope) (float64, error) {
	p := &parser{rest: expression, scope: in}
	value, err := p.comparison()
	if err == nil && p.peek() != "" {
		err = fmt.Errorf("%q is left over in %q", p.rest, expression)
	}
	return value, err
}

type parser struct {
	rest  string
	depth int
	scope
}

// mostDepth bounds how deep an expression may nest.
const mostDepth = 50

func (p *parser) peek() string {
	p.rest = strings.TrimLeft(p.rest, " \t\n")
	if p.rest == "" {
		return ""
	}
	for _, two := range []string{">=", "<="} {
		if strings.HasPrefix(p.rest, two) {
			return two
		}
	}
	length := strings.IndexFunc(p.rest, func(r rune) bool { return !isWord(r) })
	switch length {
	case -1:
		return p.rest
	case 0:
		return p.rest[:1]
	}
	return p.rest[:length]
}

func isWord(r rune) bool {
	return r == '_' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

func (p *parser) next() string {
	token := p.peek()
	p.rest = p.rest[len(token):]
	return token
}

func (p *parser) expect(token string) error {
	if got := p.next(); got != token {
		return fmt.Errorf("%q stands where %q should", got, token)
	}
	return nil
}

// chain computes operands between operators of one rank, from left to right.
func (p *parser) chain(operand func() (float64, error), operators string) (float64, error) {
	left, err := operand()
	for err == nil && p.peek() != "" && strings.Contains(operators, " "+p.peek()+" ") {
		operator := p.next()
		var right float64
		if right, err = operand(); err == nil {
			left = apply(left, operator, right)
		}
	}
	return left, err
}

func (p *parser) comparison() (float64, error) {
	if p.depth++; p.depth > mostDepth {
		return 0, fmt.Errorf("the expression nests deeper than %d", mostDepth)
	}
	defer func() { p.depth-- }()
	return p.chain(p.sum, " >= <= > < ")
}

func (p *parser) sum() (float64, error) { return p.chain(p.product, " + - ") }

func (p *parser) product() (float64, error) { return p.chain(p.operand, " * / ") }

func apply(left float64, operator string, right float64) float64 {
	if math.IsNaN(left) || math.IsNaN(right) {
		return missing
	}
	switch operator {
	case "+":
		return left + right
	case "-":
		return left - right
	case "*":
		return left * right
	case "/":
		if right == 0 {
			return missing
		}
		return left / right
	case ">=":
		return truth(left >= right)
	case "<=":
		return truth(left <= right)
	case ">":
		return truth(left > right)
	}
	return truth(left < right)
}

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func (p *parser) operand() (float64, error) {
	token := p.next()
	switch {
	case token == "(":
		value, err := p.comparison()
		if err != nil {
			return 0, err
		}
		return value, p.expect(")")
	case token == "FILL", token == "IF":
		return p.call(token)
	}
	if number, err := strconv.ParseFloat(token, 64); err == nil {
		return number, nil
	}
	value, known := p.scope[token]
	if !known {
		return 0, fmt.Errorf("%q is no number, id or function", token)
	}
	return value, nil
}

func (p *parser) call(function string) (float64, error) {
	if err := p.expect("("); err != nil {
		return 0, err
	}
	arguments, err := p.arguments(map[string]int{"FILL": 2, "IF": 3}[function])
	if err != nil {
		return 0, err
	}
	if function == "FILL" {
		if math.IsNaN(arguments[0]) {
			return arguments[1], nil
		}
		return arguments[0], nil
	}
	switch {
	case math.IsNaN(arguments[0]):
		return missing, nil
	case arguments[0] != 0:
		return arguments[1], nil
	}
	return arguments[2], nil
}

func (p *parser) arguments(n int) ([]float64, error) {
	var found []float64
	for i := range n {
		value, err := p.comparison()
		if err != nil {
			return nil, err
		}
		end := ","
		if i == n-1 {
			end = ")"
		}
		if err := p.expect(end); err != nil {
			return nil, err
		}
		found = append(found, value)
	}
	return found, nil
}
