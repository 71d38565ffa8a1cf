/** Styles of the printed table. */
import { css } from 'lit';

export const printSheetStyles = css`
  :host {
    display: none;
  }
  @media print {
    :host {
      display: block;
      color: #000;
    }
    h1 {
      margin: 0 0 4px;
      font-size: 17px;
    }
    .prompt {
      margin: 0 0 6px;
      font: 13px/1.4 var(--mono);
      white-space: pre-wrap;
      overflow-wrap: anywhere;
    }
    .facts,
    .table {
      margin: 0 0 8px;
      font-size: 11px;
    }
    .facts span + span::before {
      content: ' · ';
    }
    table {
      width: 100%;
      margin-bottom: 14px;
      table-layout: fixed;
      border-collapse: separate;
      border-spacing: 2px;
      break-inside: avoid;
      font: 10px/1.25 var(--mono);
    }
    caption {
      text-align: left;
      font: 11px var(--sans);
    }
    th {
      overflow: hidden;
      font-weight: 500;
      text-overflow: ellipsis;
      white-space: pre;
    }
    th:first-child {
      width: 44px;
      text-align: right;
    }
    td {
      overflow: hidden;
      padding: 3px 2px;
      border-radius: 3px;
      text-align: center;
      text-overflow: ellipsis;
      white-space: pre;
      print-color-adjust: exact;
      -webkit-print-color-adjust: exact;
    }
    td.settled {
      border-bottom: 2px solid #c2611a;
    }
  }
`;
