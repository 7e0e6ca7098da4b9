// A report in Chromium: REPORT is the file, SCREENSHOTS a folder for pictures, if there is one.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const { CHROMIUM, REPORT, SCREENSHOTS } = process.env
const address = pathToFileURL(REPORT).href
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const WIDE = { width: 1280, height: 900 }
const NARROW = { width: 360, height: 740 }
let browser

before(async () => {
  // A container's root has no sandbox; the page is our own.
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
})
after(() => browser?.close())

// Opens the report; fails if it asks for anything, says anything, or is not the report any more in the end.
async function visit(use, { hash = '', viewport = WIDE, ...options } = {}) {
  const context = await browser.newContext({ viewport, ...options })
  const page = await context.newPage()
  const said = []
  page.on('request', (request) => request.url().startsWith(address) || said.push(request.url()))
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (error) => said.push(error.message))
  page.on('dialog', (dialog) => said.push(dialog.message()))
  await page.goto(address + hash)
  const title = await page.title()
  assert.match(title, /git-token conformance$/)
  await use(page)
  assert.equal(await page.title(), title)
  assert.deepEqual(said, [])
  await context.close()
}

const shown = (page) => page.locator('.clause:not([hidden])').evaluateAll((clauses) => clauses.map((clause) => clause.id))
const states = (page) => page.locator('.clause:not([hidden])').evaluateAll((clauses) => [...new Set(clauses.map((each) => each.dataset.state))].sort())

test('states and levels filter the clauses, and the number is told', () => visit(async (page) => {
  const all = (await shown(page)).length
  assert.ok(all > 50)
  await page.getByRole('checkbox', { name: /^held/ }).uncheck()
  assert.deepEqual(await states(page), ['broken', 'not exercised'])
  await page.getByRole('checkbox', { name: /^broken/ }).uncheck()
  assert.deepEqual(await shown(page), ['isolation/foreign-owner'])
  assert.equal(await page.locator('.group:visible').count(), 1)
  assert.equal(await page.locator('#shown').textContent(), `1 of ${all} clauses shown`)
  await page.getByRole('checkbox', { name: /^held/ }).check()
  await page.getByRole('checkbox', { name: 'documented' }).uncheck()
  const levels = await page.locator('.clause:not([hidden])').evaluateAll((clauses) => clauses.map((clause) => clause.dataset.level))
  assert.deepEqual([...new Set(levels)].sort(), ['expected', 'http'])
}))

test('a search finds ids and requirements', () => visit(async (page) => {
  const search = page.getByRole('searchbox')
  await search.fill('refusals/null')
  assert.ok((await shown(page)).includes('refusals/null'))
  assert.ok((await shown(page)).length < 5)
  await search.fill('NULL refused')
  assert.ok((await shown(page)).includes('refusals/null'))
  await search.fill('no-clause-says-this')
  assert.deepEqual(await shown(page), [])
  await search.press('Enter')
  assert.equal(page.url(), address)
}))

test('a link opens its clause, even a filtered one', () => visit(async (page) => {
  const clause = page.locator('[id="edit/works"]')
  assert.ok(await clause.locator('dl').isVisible())
  await page.getByRole('searchbox').fill('no-clause-says-this')
  await page.evaluate(() => { location.hash = '#values/text' })
  await page.locator('[id="values/text"] dl').waitFor()
  await page.getByRole('link', { name: 'See the finding of values/text' }).click()
  assert.ok(await page.locator('[id="finding/values/text"]').isVisible())
}, { hash: '#edit/works' }))

test('a copied reproduction is the reproduction', () => visit(async (page) => {
  const figure = page.locator('.finding', { hasText: 'the server failed' }).locator('figure').first()
  await figure.getByRole('button').click()
  await figure.getByText('Copied').waitFor()
  assert.equal(await page.locator('#said').textContent(), 'Copied')
  // What was copied is seen by pasting it.
  await page.evaluate(() => document.body.append(document.createElement('textarea')))
  await page.locator('textarea').focus()
  await page.keyboard.press('Control+V')
  // The key is pressed before what it pastes is there.
  await page.waitForFunction(() => document.querySelector('textarea').value)
  const pasted = await page.locator('textarea').inputValue()
  assert.match(pasted, /api --include --request PUT "\$QOVERY_BASE_URL/)
  assert.equal(pasted, await figure.locator('pre').textContent())
}))

test('a point of the timeline and a cell of the coverage lead to a clause', () => visit(async (page) => {
  const position = await page.locator('.timeline').evaluate((svg) => {
    const [x, y] = JSON.parse(svg.dataset.points)[0]
    const point = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM())
    const box = svg.getBoundingClientRect()
    return { x: point.x - box.x, y: point.y - box.y }
  })
  // A click of Playwright's own waits until the page has been scrolled to it.
  await page.locator('.timeline').click({ position })
  await page.waitForURL(`${address}#edit/works`)
  assert.ok(await page.locator('[id="edit/works"] dl').isVisible())
  await page.evaluate(() => { location.hash = '' })
  await page.locator('.coverage a').first().click()
  await page.waitForURL(`${address}#edit/works`)
}))

test('what a server has sent is shown and not obeyed', () => visit(async (page) => {
  const answer = page.locator('.answer', { hasText: '200' }).first()
  assert.match(await answer.textContent(), /<script>document\.title = 'owned'<\/script>/)
  assert.match(await answer.textContent(), /\\u202e/)
  assert.equal(await page.locator('main script, main img, main [onload], main [onerror]').count(), 0)
  assert.ok(await page.locator('.answer mark').first().isVisible())
}))

test('the keyboard alone reaches and works everything', () => visit(async (page) => {
  const focused = () => page.evaluate(() => {
    const { activeElement: element } = document
    const style = getComputedStyle(element)
    const ring = style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) > 0
    return { name: element.className || element.name || element.tagName, text: element.textContent.trim(), ring }
  })
  await page.keyboard.press('Tab')
  assert.equal((await focused()).name, 'skip')
  const seen = new Set()
  for (let count = 0; count < 60 && !seen.has('search'); count++) {
    await page.keyboard.press('Tab')
    const { name, text, ring } = await focused()
    assert.ok(ring, `${name} ${text} shows no focus`)
    seen.add(name)
    if (name === 'copy' && !seen.has('Copied')) {
      await page.keyboard.press('Enter')
      await page.getByText('Copied').first().waitFor()
      seen.add('Copied')
    }
  }
  for (const name of ['A', 'copy', 'Copied', 'sent', 'request', 'answer', 'search']) assert.ok(seen.has(name), `${name} is not reached`)
  await page.keyboard.type('edit/works')
  for (const _ of 'bnh') await page.keyboard.press('Tab')
  await page.keyboard.press('Space')
  assert.deepEqual(await shown(page), [])
  await page.keyboard.press('Space')
  for (const _ of 'dhegc') await page.keyboard.press('Tab')
  assert.match((await focused()).text, /^.held: /)
  await page.keyboard.press('Enter')
  assert.ok(await page.locator('.clause:visible dl').first().isVisible())
}))

for (const colorScheme of ['light', 'dark']) {
  for (const [name, viewport] of Object.entries({ wide: WIDE, narrow: NARROW })) {
    test(`${colorScheme} and ${name}, it is readable and accessible`, () => visit(async (page) => {
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      assert.equal(ground === 'rgb(255, 255, 255)', colorScheme === 'light')
      const [scrollWidth, clientWidth] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
      assert.ok(scrollWidth <= clientWidth, `it is ${scrollWidth} wide on a screen of ${clientWidth}`)
      if (SCREENSHOTS) await page.screenshot({ path: `${SCREENSHOTS}/${colorScheme}-${name}.png`, fullPage: true })
      // All of it is open to the checker.
      await page.evaluate(() => { for (const each of document.querySelectorAll('details')) each.open = true })
      await page.evaluate(axe)
      const { violations } = await page.evaluate(() => globalThis.axe.run())
      const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
      assert.deepEqual(serious.map(({ id, nodes }) => [id, nodes[0].html, nodes[0].failureSummary]), [])
    }, { colorScheme, viewport }))
  }
}

test('without scripts it can be read', () => visit(async (page) => {
  assert.ok(await page.locator('[id="finding/values/text"]').isVisible())
  assert.equal(await page.locator('#filter').isVisible(), false)
}, { javaScriptEnabled: false }))
