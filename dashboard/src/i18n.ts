const en = {
  overview: 'Overview', cohorts: 'Cohorts', value: 'Lifetime value', voice: 'Feedback', service: 'Complaints', lists: 'Lists',
  skip: 'Skip to the figures', tenant: 'Shop', theme: 'Light or dark', language: 'Suomeksi', share: 'Copy a read-only link', copied: 'Link copied', close: 'Close',
  live: 'Live', lost: 'No connection; figures as of {0}', lostShort: 'No connection',
  week: 'Week', month: 'Month', quarter: 'Quarter', year: 'Year', grain: 'Period', range: 'Range', last: 'Last {0}', all: 'All',
  filter: 'Filter', addFilter: 'Add a filter', remove: 'Remove {0}', country: 'Country', channel: 'Channel', campaign: 'Campaign', tier: 'Tier', any: 'Any {0}',
  retentionRate: 'Retention', churnRate: 'Churn', activeCustomers: 'Active customers', newCustomers: 'New customers', revenue: 'Revenue', netRevenueRetention: 'Net revenue retention',
  of: '{0} of {1}', against: '{0} against {1}', points: '{0} pts', complete: 'complete', in_progress: 'in progress', not_observable: 'not yet observable', soFar: '{0}, so far',
  retentionOverTime: 'Retention and churn', retentionNote: 'Share of customers active at the start of a period who still are at its end, with 95 % intervals. A hollow point is a period in progress.',
  movement: 'Who came and who left', movementNote: 'Customers who became active or lapsed in each period. Select one to see its waterfall.',
  waterfall: 'Waterfall', waterfallNote: 'From the customers active at the start of {0} to those active at its end.',
  opening: 'Start', acquired: 'New', reactivated: 'Came back', lapsed: 'Lapsed', closing: 'End', period: 'Period', status: 'Status', interval: '95 % interval', lost_: 'Lost', retained: 'Retained',
  revenueRetention: 'Revenue retention', revenueRetentionNote: 'Revenue of the customers of the period before, as a share of what they brought then: net counts what they spend more, gross does not.',
  gross: 'Gross', net: 'Net', table: 'Table', chart: 'Chart', tableOf: 'Figures of {0}',
  loading: 'Loading', empty: 'No figures here yet', emptyHint: 'Nothing was recorded in this range. Try a longer one, or fewer filters.', failed: 'This could not be answered', again: 'Try again',
  welcome: 'No orders yet', welcomeHint: 'Send the first ones to /v1/events, or import a file:',
  heatmap: 'Cohorts', heatNote: 'Each row is the customers whose first order fell in that period; each column is how many of them came back {0} periods later. Select a cell to see who they are.', k: 'k',
  mode: 'Came back', on: 'In that period', on_or_after: 'Then or later', on_or_before: 'By then', survival: 'Still active', measure: 'Shows', customers: 'Customers', orders: 'Orders',
  cumulativeRevenue: 'Revenue to date', cumulativeRevenuePerCustomer: 'Revenue to date per customer', alignment: 'Counted', calendar: 'By calendar', rolling: 'From first order', size: 'Customers', cohort: 'Cohort', allCohorts: 'All cohorts',
  inProgress: 'In progress', returned: 'Came back', perSize: 'of {0}', customersBehind: '{0}, {1} {2}', orMore: '{0} or more', lastYear: 'within the last 365 days', notCounted: 'Did not come back',
  summaryCurve: 'Return by age of cohort', summaryNote: 'All cohorts together, each column over the cohorts that are old enough.',
  clvByCohort: 'Lifetime value by cohort', clvNote: 'Net revenue per customer within days of the first order; a cohort counts once its youngest customer is old enough.', within: '{0} days', predicted: 'Predicted, next {0} days',
  simpleClv: 'Simple formula', margin: 'Margin', simpleNote: 'revenue per customer × margin ÷ churn', clvTable: 'Cohorts', perCustomer: 'per customer', pAlive: 'Alive', expectedOrders: 'Expected orders', clv: 'Value ahead',
  revenueOverTime: 'Revenue', revenueNote: 'Net of refunds, in the tenant’s currency.', aov: 'Average order', repeat: 'Repeat rate',
  nps: 'Net promoter score', csat: 'Satisfaction', ces: 'Customer effort', npsNote: 'Promoters less detractors, −100 to 100.', csatNote: 'Share of the best scores.', cesNote: 'Mean of 1 to 7, high is good.', responses: 'Answers', answersOf: '{0} answers', distribution: 'Answers by score', mean: 'Mean', agree: 'Agree',
  received: 'Received', resolved: 'Resolved', open: 'Open', promiseKept: 'Promise kept', promiseNote: 'Complaints answered within what is promised, with 95 % intervals.', clocks: 'First reply', clocksNote: 'Time from receipt to the first reply: half are faster than the median, nine of ten faster than the 90th percentile.', resolution: 'Resolution', resolutionNote: 'Time from receipt to resolution.', median: 'Median', p90: '90th percentile', business: 'in business time', complaintsOverTime: 'Complaints', complaintsNote: 'Received and resolved in each period; the line is what was open at its end.', perThousand: '{0} per 1 000 orders', firstReply: 'First reply', openNow: 'Open complaints',
  'at-risk': 'At risk', 'lapsed-regulars': 'Lapsed regulars', detractors: 'Detractors', 'open-complaints': 'Open complaints',
  'at-risk-note': 'Customers by the value that the model expects to be lost with them.', 'lapsed-regulars-note': 'Customers who bought regularly and stay away for longer than usual.', 'detractors-note': 'Customers whose last answer would not recommend; those with an open complaint come first.', 'open-complaints-note': 'Complaints that wait, the earliest due first.',
  noModel: 'No model has been fitted yet', noModelHint: 'Who is at risk follows from a purchase model fitted to your own customers. Fitting takes a few seconds.', fit: 'Fit a model', fitting: 'Fitting …',
  customer: 'Customer', expectedLoss: 'Expected loss', lastOrder: 'Last order', ordersShort: 'Orders', daysSince: 'Days since last', usualGap: 'Usual gap, days', purchaseDays: 'Purchase days', score: 'Score', answered: 'Answered', openComplaints: 'Open complaints', due: 'Due', complaint: 'Complaint', category: 'Category', severity: 'Severity', promise: 'Promise', more: 'Show more', nobody: 'Nobody is on this list', overdue: 'overdue', pending: 'pending', kept: 'kept', broken: 'broken', none: 'none', days: '{0} d',
  since: 'Customer since', timeline: 'Timeline', active: 'active', lapsedState: 'lapsed', counts: 'counts',
  keyTitle: 'A key is needed', keyHint: 'This service answers to API keys. A key with the scope “read” is enough; it is kept until you close this tab.', keyLabel: 'API key', keyGo: 'Continue',
};

export type Word = keyof typeof en;

const fi: Record<Word, string> = {
  overview: 'Yleiskuva', cohorts: 'Kohortit', value: 'Elinkaariarvo', voice: 'Palaute', service: 'Reklamaatiot', lists: 'Listat',
  skip: 'Siirry lukuihin', tenant: 'Kauppa', theme: 'Vaalea tai tumma', language: 'In English', share: 'Kopioi lukulinkki', copied: 'Linkki kopioitu', close: 'Sulje',
  live: 'Ajan tasalla', lost: 'Ei yhteyttä; luvut ajalta {0}', lostShort: 'Ei yhteyttä',
  week: 'Viikko', month: 'Kuukausi', quarter: 'Neljännes', year: 'Vuosi', grain: 'Jakso', range: 'Aikaväli', last: 'Viimeiset {0}', all: 'Kaikki',
  filter: 'Rajaus', addFilter: 'Lisää rajaus', remove: 'Poista {0}', country: 'Maa', channel: 'Kanava', campaign: 'Kampanja', tier: 'Taso', any: '{0}: mikä tahansa',
  retentionRate: 'Pysyvyys', churnRate: 'Poistuma', activeCustomers: 'Aktiivisia asiakkaita', newCustomers: 'Uusia asiakkaita', revenue: 'Liikevaihto', netRevenueRetention: 'Liikevaihdon nettopysyvyys',
  of: '{0} / {1}', against: '{0} vs. {1}', points: '{0} %-yks.', complete: 'valmis', in_progress: 'kesken', not_observable: 'ei vielä havaittavissa', soFar: '{0}, tähän mennessä',
  retentionOverTime: 'Pysyvyys ja poistuma', retentionNote: 'Jakson alussa aktiivisista asiakkaista ne, jotka ovat aktiivisia myös lopussa, 95 %:n luottamusvälein. Ontto piste on kesken oleva jakso.',
  movement: 'Ketkä tulivat ja ketkä lähtivät', movementNote: 'Aktivoituneet ja poistuneet asiakkaat jaksoittain. Valitse jakso nähdäksesi sen vesiputouksen.',
  waterfall: 'Vesiputous', waterfallNote: 'Jakson {0} alussa aktiivisista sen lopussa aktiivisiin.',
  opening: 'Alussa', acquired: 'Uudet', reactivated: 'Palanneet', lapsed: 'Poistuneet', closing: 'Lopussa', period: 'Jakso', status: 'Tila', interval: '95 %:n väli', lost_: 'Menetetyt', retained: 'Pysyneet',
  revenueRetention: 'Liikevaihdon pysyvyys', revenueRetentionNote: 'Edellisen jakson asiakkaiden liikevaihto suhteessa siihen, mitä he silloin toivat: netto laskee lisäostot mukaan, brutto ei.',
  gross: 'Brutto', net: 'Netto', table: 'Taulukko', chart: 'Kuvaaja', tableOf: 'Luvut: {0}',
  loading: 'Ladataan', empty: 'Täällä ei ole vielä lukuja', emptyHint: 'Tällä aikavälillä ei ole tapahtumia. Kokeile pidempää väliä tai vähemmän rajauksia.', failed: 'Tähän ei voitu vastata', again: 'Yritä uudelleen',
  welcome: 'Ei vielä tilauksia', welcomeHint: 'Lähetä ensimmäiset osoitteeseen /v1/events tai tuo tiedosto:',
  heatmap: 'Kohortit', heatNote: 'Rivi on asiakkaat, joiden ensimmäinen tilaus osui jaksoon; sarake on, kuinka moni heistä palasi {0} jaksoa myöhemmin. Valitse ruutu nähdäksesi, keitä he ovat.', k: 'k',
  mode: 'Palasi', on: 'Sillä jaksolla', on_or_after: 'Silloin tai myöhemmin', on_or_before: 'Siihen mennessä', survival: 'Yhä aktiivinen', measure: 'Näytä', customers: 'Asiakkaat', orders: 'Tilaukset',
  cumulativeRevenue: 'Kertynyt liikevaihto', cumulativeRevenuePerCustomer: 'Kertynyt liikevaihto / asiakas', alignment: 'Laskettu', calendar: 'Kalenterista', rolling: 'Ensitilauksesta', size: 'Asiakkaita', cohort: 'Kohortti', allCohorts: 'Kaikki kohortit',
  inProgress: 'Kesken', returned: 'Palasi', perSize: '/ {0}', customersBehind: '{0}, {1} {2}', orMore: '{0} tai enemmän', lastYear: 'viimeisten 365 päivän aikana', notCounted: 'Ei palannut',
  summaryCurve: 'Paluu kohortin iän mukaan', summaryNote: 'Kaikki kohortit yhdessä, kussakin sarakkeessa riittävän vanhat.',
  clvByCohort: 'Elinkaariarvo kohorteittain', clvNote: 'Nettoliikevaihto asiakasta kohti ensitilausta seuraavina päivinä; kohortti on mukana, kun sen nuorinkin asiakas on riittävän vanha.', within: '{0} päivää', predicted: 'Ennuste, {0} päivää',
  simpleClv: 'Yksinkertainen kaava', margin: 'Kate', simpleNote: 'liikevaihto / asiakas × kate ÷ poistuma', clvTable: 'Kohortit', perCustomer: '/ asiakas', pAlive: 'Elossa', expectedOrders: 'Odotetut tilaukset', clv: 'Tuleva arvo',
  revenueOverTime: 'Liikevaihto', revenueNote: 'Hyvitykset vähennettyinä, kaupan valuutassa.', aov: 'Keskiostos', repeat: 'Toisto-osuus',
  nps: 'Nettosuositteluindeksi', csat: 'Tyytyväisyys', ces: 'Asioinnin vaivattomuus', npsNote: 'Suosittelijat miinus arvostelijat, −100…100.', csatNote: 'Parhaiden arvosanojen osuus.', cesNote: 'Keskiarvo 1–7, korkea on hyvä.', responses: 'Vastauksia', answersOf: '{0} vastausta', distribution: 'Vastaukset arvosanoittain', mean: 'Keskiarvo', agree: 'Samaa mieltä',
  received: 'Saapuneet', resolved: 'Ratkaistut', open: 'Avoinna', promiseKept: 'Lupaus pidetty', promiseNote: 'Luvatussa ajassa vastatut reklamaatiot, 95 %:n luottamusvälein.', clocks: 'Ensivastaus', clocksNote: 'Aika saapumisesta ensimmäiseen vastaukseen: puolet on mediaania nopeampia, yhdeksän kymmenestä 90. prosenttipistettä nopeampia.', resolution: 'Ratkaisu', resolutionNote: 'Aika saapumisesta ratkaisuun.', median: 'Mediaani', p90: '90. prosenttipiste', business: 'työajassa', complaintsOverTime: 'Reklamaatiot', complaintsNote: 'Jaksolla saapuneet ja ratkaistut; viiva on jakson lopussa avoinna olleet.', perThousand: '{0} / 1 000 tilausta', firstReply: 'Ensivastaus', openNow: 'Avoimet reklamaatiot',
  'at-risk': 'Vaarassa', 'lapsed-regulars': 'Poissa olevat kantikset', detractors: 'Arvostelijat', 'open-complaints': 'Avoimet reklamaatiot',
  'at-risk-note': 'Asiakkaat sen arvon mukaan, jonka malli odottaa heidän mukanaan menetettävän.', 'lapsed-regulars-note': 'Säännöllisesti ostaneet, jotka ovat poissa tavallista pidempään.', 'detractors-note': 'Asiakkaat, joiden viimeisin vastaus ei suosittelisi; avoimen reklamaation tehneet ensin.', 'open-complaints-note': 'Odottavat reklamaatiot, ensimmäisenä erääntyvä ensin.',
  noModel: 'Mallia ei ole vielä sovitettu', noModelHint: 'Vaarassa olevat seuraavat omiin asiakkaisiisi sovitetusta ostomallista. Sovitus vie muutaman sekunnin.', fit: 'Sovita malli', fitting: 'Sovitetaan …',
  customer: 'Asiakas', expectedLoss: 'Odotettu menetys', lastOrder: 'Viimeisin tilaus', ordersShort: 'Tilauksia', daysSince: 'Päiviä viimeisestä', usualGap: 'Tavallinen väli, pv', purchaseDays: 'Ostopäiviä', score: 'Arvosana', answered: 'Vastattu', openComplaints: 'Avoimia reklamaatioita', due: 'Määräaika', complaint: 'Reklamaatio', category: 'Luokka', severity: 'Vakavuus', promise: 'Lupaus', more: 'Näytä lisää', nobody: 'Listalla ei ole ketään', overdue: 'myöhässä', pending: 'odottaa', kept: 'pidetty', broken: 'rikottu', none: 'ei ole', days: '{0} pv',
  since: 'Asiakkaana', timeline: 'Aikajana', active: 'aktiivinen', lapsedState: 'poistunut', counts: 'lasketaan',
  keyTitle: 'Tarvitaan avain', keyHint: 'Tämä palvelu vaatii API-avaimen. Oikeus ”read” riittää; avain säilyy, kunnes suljet välilehden.', keyLabel: 'API-avain', keyGo: 'Jatka',
};

let language: 'en' | 'fi' = 'en';

export function speak(lang: 'en' | 'fi'): void { language = lang; }

export function locale(): string { return language === 'fi' ? 'fi-FI' : 'en-GB'; }

/** A sentence in the language of the page, with {0}, {1} … filled in. */
export function t(word: Word, ...values: (string | number)[]): string {
  return (language === 'fi' ? fi : en)[word].replace(/\{(\d)\}/g, (_, index) => String(values[Number(index)]));
}
